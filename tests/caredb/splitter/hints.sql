SELECT /*+ MAX_EXECUTION_TIME(1000) */ 1;
SELECT /*+ SET_VAR(sort_buffer_size = 1M) */ 2, ';';
SELECT /*+ QB_NAME(`a;b`) */ 3;
SELECT /*+ QB_NAME(q) -- ; */ 4
*/ 5;
