//! The specialties, one file each: who comes, with what, and what is done.

mod cardiology;
mod dermatology;
mod general;
mod gynecology;
mod ophthalmology;
mod orthopedics;
mod otolaryngology;
mod pediatrics;
mod psychiatry;

use super::Specialty;

/// In the order in which doctors take turns.
pub static SPECIALTIES: [&Specialty; 9] = [
    &cardiology::CARDIOLOGY,
    &orthopedics::ORTHOPEDICS,
    &dermatology::DERMATOLOGY,
    &gynecology::GYNECOLOGY,
    &pediatrics::PEDIATRICS,
    &psychiatry::PSYCHIATRY,
    &otolaryngology::OTOLARYNGOLOGY,
    &general::GENERAL,
    &ophthalmology::OPHTHALMOLOGY,
];
