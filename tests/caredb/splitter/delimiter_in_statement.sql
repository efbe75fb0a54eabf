SELECT 3 AS delimiter;
SELECT
delimiter FROM a;
SELECT '
DELIMITER //
';
/*
DELIMITER //
*/
SELECT 4;
