DELIMITER //
CREATE PROCEDURE a() BEGIN -- it's; "open
 /* don't // */ SELECT '/* //; ', "-- //"; # `tick
END//
DELIMITER ;
SELECT 1;
