  DELIMITER   $$  
SELECT 1$$
	delimiter	//
SELECT 2//
DELIMITER // -- as before
SELECT 3//
DELIMITER ; SELECT 9;
SELECT 4;
