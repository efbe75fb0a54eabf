SELECT 5--1;
SELECT 5-- 1;
;
SELECT 1 --
, 2;
SELECT 1 --	; tab
, 3;
SELECT 1--;
SELECT 2 ---1;
SELECT 3 --- 1; x
;
-- x
--
--y;
SELECT 4;
