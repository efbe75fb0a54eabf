-- a note
DELIMITER $$
SELECT 1$$
# another
DELIMITER ;
SELECT 2;
