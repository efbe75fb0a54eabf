SELECT 'é;名', `ß;`, "😀;" AS 名前;
SELECT 'ÿ' 'Ā' AS é;
SELECT 1 ;
SELECT 2 -- ;
;
SELECT 3; 
;SELECT '　';　SELECT 5;
