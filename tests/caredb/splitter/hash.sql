SELECT 1 # one; two
, 2;
SELECT 3#;
;
#SELECT 4;
SELECT 5; # after; all
SELECT 6;#
SELECT 7;
