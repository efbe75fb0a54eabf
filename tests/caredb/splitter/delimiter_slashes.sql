delimiter //
SELECT 4//2//
CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC BEGIN RETURN a; END//
SELECT '//', `//`, "//" /* // */ -- //
//
Delimiter ;
SELECT 5;
