/*!40101 SET @a = 1 */;
SELECT /*!80000 1, */ 2;
/*! SELECT 3 */;
SELECT 4 /*!99999 , 5 */;
SELECT /*! ';' */ AS x;
/*!50003 SET @a = 'it''s' */ ;
/*!50003 SET @b = 2; */;
SELECT 6 /*! + 1 -- ; not
*/;
