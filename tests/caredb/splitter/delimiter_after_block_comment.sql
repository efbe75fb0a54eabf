/* a note */
DELIMITER $$
SELECT 1$$
/* b */ DELIMITER ;
SELECT 2;
