//! What is changed, and what drift must say of it.

/// Columns, attribute by attribute.
pub const COLUMNS: &[(&str, &[&str])] = &[
    ("ALTER TABLE t ADD n INT", &["table `t`: column `n`: extra, int NULL DEFAULT NULL"]),
    ("ALTER TABLE t ADD n INT FIRST", &["table `t`: column `n`: extra, int NULL DEFAULT NULL"]),
    (
        "ALTER TABLE t ADD n INT GENERATED ALWAYS AS (a + 9) VIRTUAL",
        &["table `t`: column `n`: extra, int GENERATED ALWAYS AS (`a` + 9) VIRTUAL NULL"],
    ),
    ("ALTER TABLE t DROP COLUMN v", &["table `t`: column `v`: missing, varbinary(16) NULL DEFAULT NULL"]),
    (
        "ALTER TABLE t DROP COLUMN g",
        &["table `t`: column `g`: missing, int GENERATED ALWAYS AS (`a` + 1) VIRTUAL NULL"],
    ),
    ("ALTER TABLE t DROP COLUMN l", &["table `t`: column `l`: missing, int NULL DEFAULT NULL INVISIBLE"]),
    (
        "ALTER TABLE t RENAME COLUMN v TO vv",
        &[
            "table `t`: column `v`: missing, varbinary(16) NULL DEFAULT NULL",
            "table `t`: column `vv`: extra, varbinary(16) NULL DEFAULT NULL",
        ],
    ),
    ("ALTER TABLE t RENAME COLUMN v TO V", &["table `t`: column `v`: name `v` → `V`"]),
    ("ALTER TABLE t MODIFY v VARBINARY(16) AFTER id", &["table `t`: column `v`: place after `s` → after `id`"]),
    ("ALTER TABLE t MODIFY da DATE FIRST", &["table `t`: column `da`: place after `fl` → `first`"]),
    (
        "ALTER TABLE t MODIFY a INT NOT NULL DEFAULT 1 COMMENT 'the a' AFTER c",
        &["table `t`: column `a`: place after `id` → after `c`"],
    ),
    ("ALTER TABLE t MODIFY fl DOUBLE", &["table `t`: column `fl`: type `float` → `double`"]),
    ("ALTER TABLE t MODIFY da DATETIME", &["table `t`: column `da`: type `date` → `datetime`"]),
    ("ALTER TABLE t MODIFY b VARCHAR(60)", &["table `t`: column `b`: type `varchar(50)` → `varchar(60)`"]),
    ("ALTER TABLE t MODIFY b VARCHAR(40)", &["table `t`: column `b`: type `varchar(50)` → `varchar(40)`"]),
    ("ALTER TABLE t MODIFY v VARBINARY(17)", &["table `t`: column `v`: type `varbinary(16)` → `varbinary(17)`"]),
    (
        "ALTER TABLE t MODIFY d DECIMAL(12, 2) NOT NULL DEFAULT 0",
        &["table `t`: column `d`: type `decimal(10,2)` → `decimal(12,2)`"],
    ),
    (
        "ALTER TABLE t MODIFY d DECIMAL(10, 3) NOT NULL DEFAULT 0",
        &[
            "table `t`: column `d`: type `decimal(10,2)` → `decimal(10,3)`",
            "table `t`: column `d`: default `'0.00'` → `'0.000'`",
        ],
    ),
    (
        "ALTER TABLE t MODIFY e ENUM('x', 'y', 'w') DEFAULT 'x'",
        &["table `t`: column `e`: type `enum('x','y')` → `enum('x','y','w')`"],
    ),
    (
        "ALTER TABLE t MODIFY e ENUM('y', 'x') DEFAULT 'x'",
        &["table `t`: column `e`: type `enum('x','y')` → `enum('y','x')`"],
    ),
    ("ALTER TABLE t MODIFY s SET('m')", &["table `t`: column `s`: type `set('m','n')` → `set('m')`"]),
    ("ALTER TABLE t MODIFY k TINYINT NOT NULL DEFAULT 0", &["table `t`: column `k`: type `tinyint(1)` → `tinyint`"]),
    (
        "ALTER TABLE t MODIFY id INT UNSIGNED NOT NULL AUTO_INCREMENT",
        &["table `t`: column `id`: type `bigint unsigned` → `int unsigned`"],
    ),
    (
        "ALTER TABLE t MODIFY id BIGINT NOT NULL AUTO_INCREMENT",
        &["table `t`: column `id`: type `bigint unsigned` → `bigint`"],
    ),
    ("ALTER TABLE t MODIFY z BIT(5) DEFAULT b'0101'", &["table `t`: column `z`: type `bit(4)` → `bit(5)`"]),
    (
        "ALTER TABLE t MODIFY f TIMESTAMP(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)",
        &[
            "table `t`: column `f`: type `timestamp(6)` → `timestamp(3)`",
            "table `t`: column `f`: default `CURRENT_TIMESTAMP(6)` → `CURRENT_TIMESTAMP(3)`",
            "table `t`: column `f`: on update `CURRENT_TIMESTAMP(6)` → `CURRENT_TIMESTAMP(3)`",
        ],
    ),
    ("ALTER TABLE t MODIFY w INT", &["table `t`: column `w`: type `datetime` → `int`"]),
    ("ALTER TABLE t MODIFY fl VARCHAR(9)", &["table `t`: column `fl`: type `float` → `varchar(9)`"]),
    ("ALTER TABLE other MODIFY y SMALLINT", &["table `other`: column `y`: type `int` → `smallint`"]),
    ("ALTER TABLE other MODIFY y INT UNSIGNED", &["table `other`: column `y`: type `int` → `int unsigned`"]),
    (
        "ALTER TABLE other MODIFY y INT(8) ZEROFILL",
        &["table `other`: column `y`: type `int` → `int(8) unsigned zerofill`"],
    ),
    (
        "ALTER TABLE other MODIFY z TEXT",
        &["table `other`: column `z`: type `varchar(20)` → `text`", "table `other`: column `z`: default `NULL` → none"],
    ),
    ("ALTER TABLE other MODIFY z CHAR(20)", &["table `other`: column `z`: type `varchar(20)` → `char(20)`"]),
    (
        "ALTER TABLE other MODIFY z VARCHAR(20) CHARACTER SET latin1",
        &[
            "table `other`: column `z`: character set `utf8mb4` → `latin1`",
            "table `other`: column `z`: collation `utf8mb4_unicode_ci` → `latin1_swedish_ci`",
        ],
    ),
    (
        "ALTER TABLE other MODIFY z VARCHAR(20) COLLATE utf8mb4_bin",
        &["table `other`: column `z`: collation `utf8mb4_unicode_ci` → `utf8mb4_bin`"],
    ),
    (
        "ALTER TABLE other MODIFY z VARCHAR(20) CHARACTER SET binary",
        &["table `other`: column `z`: type `varchar(20)` → `varbinary(20)`"],
    ),
    (
        "ALTER TABLE t MODIFY c CHAR(36) NOT NULL DEFAULT 'it''s'",
        &[
            "table `t`: column `c`: character set `latin1` → `utf8mb4`",
            "table `t`: column `c`: collation `latin1_bin` → `utf8mb4_unicode_ci`",
        ],
    ),
    (
        "ALTER TABLE other MODIFY y INT NOT NULL",
        &["table `other`: column `y`: null `NULL` → `NOT NULL`", "table `other`: column `y`: default `NULL` → none"],
    ),
    (
        "ALTER TABLE other MODIFY x INT NULL",
        &["table `other`: column `x`: null `NOT NULL` → `NULL`", "table `other`: column `x`: default none → `NULL`"],
    ),
    ("ALTER TABLE other ALTER y SET DEFAULT 7", &["table `other`: column `y`: default `NULL` → `'7'`"]),
    ("ALTER TABLE other ALTER y DROP DEFAULT", &["table `other`: column `y`: default `NULL` → none"]),
    ("ALTER TABLE other ALTER y SET DEFAULT (1 + 1)", &["table `other`: column `y`: default `NULL` → `(1 + 1)`"]),
    ("ALTER TABLE t ALTER a DROP DEFAULT", &["table `t`: column `a`: default `'1'` → none"]),
    ("ALTER TABLE t ALTER c SET DEFAULT 'its'", &["table `t`: column `c`: default `'it''s'` → `'its'`"]),
    (
        "ALTER TABLE t ALTER i SET DEFAULT (JSON_OBJECT())",
        &["table `t`: column `i`: default `(json_array('x'))` → `(json_object())`"],
    ),
    ("ALTER TABLE t ALTER z SET DEFAULT b'1'", &["table `t`: column `z`: default `b'101'` → `b'1'`"]),
    ("ALTER TABLE t ALTER e SET DEFAULT NULL", &["table `t`: column `e`: default `'x'` → `NULL`"]),
    (
        "ALTER TABLE t MODIFY f TIMESTAMP(6) NULL ON UPDATE CURRENT_TIMESTAMP(6)",
        &["table `t`: column `f`: default `CURRENT_TIMESTAMP(6)` → `NULL`"],
    ),
    (
        "ALTER TABLE t MODIFY f TIMESTAMP(6) NULL DEFAULT CURRENT_TIMESTAMP(6)",
        &["table `t`: column `f`: on update `CURRENT_TIMESTAMP(6)` → none"],
    ),
    (
        "ALTER TABLE t MODIFY w DATETIME DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP",
        &["table `t`: column `w`: on update none → `CURRENT_TIMESTAMP`"],
    ),
    (
        "ALTER TABLE t MODIFY g INT GENERATED ALWAYS AS (a + 2) VIRTUAL",
        &["table `t`: column `g`: generated as `a` + 1 → `a` + 2"],
    ),
    (
        "ALTER TABLE t MODIFY h INT GENERATED ALWAYS AS (a * 3) STORED",
        &["table `t`: column `h`: generated as `a` * 2 → `a` * 3"],
    ),
    (
        "ALTER TABLE t DROP COLUMN g, ADD g INT GENERATED ALWAYS AS (a + 1) STORED AFTER f",
        &["table `t`: column `g`: generated `VIRTUAL` → `STORED`"],
    ),
    (
        "ALTER TABLE t DROP COLUMN h, ADD h INT GENERATED ALWAYS AS (a * 2) VIRTUAL AFTER g",
        &["table `t`: column `h`: generated `STORED` → `VIRTUAL`"],
    ),
    (
        "ALTER TABLE t MODIFY h INT",
        &[
            "table `t`: column `h`: default none → `NULL`",
            "table `t`: column `h`: generated as `a` * 2 → none",
            "table `t`: column `h`: generated `STORED` → none",
        ],
    ),
    (
        "ALTER TABLE t DROP COLUMN g, ADD g INT AFTER f",
        &[
            "table `t`: column `g`: default none → `NULL`",
            "table `t`: column `g`: generated as `a` + 1 → none",
            "table `t`: column `g`: generated `VIRTUAL` → none",
        ],
    ),
    ("ALTER TABLE t MODIFY id BIGINT UNSIGNED NOT NULL", &["table `t`: column `id`: auto_increment `yes` → `no`"]),
    ("ALTER TABLE t ALTER l SET VISIBLE", &["table `t`: column `l`: visibility `INVISIBLE` → `VISIBLE`"]),
    ("ALTER TABLE t ALTER w SET INVISIBLE", &["table `t`: column `w`: visibility `VISIBLE` → `INVISIBLE`"]),
    (
        "ALTER TABLE t DROP INDEX sp_p; ALTER TABLE t MODIFY p POINT NOT NULL SRID 0; ALTER TABLE t ADD SPATIAL KEY sp_p (p)",
        &["table `t`: column `p`: srid `4326` → `0`"],
    ),
    ("ALTER TABLE t MODIFY a INT NOT NULL DEFAULT 1", &["table `t`: column `a`: comment `'the a'` → none"]),
    (
        "ALTER TABLE t MODIFY a INT NOT NULL DEFAULT 1 COMMENT 'it''s; (a)'",
        &["table `t`: column `a`: comment `'the a'` → `'it''s; (a)'`"],
    ),
    ("ALTER TABLE t MODIFY v VARBINARY(16) COMMENT 'new'", &["table `t`: column `v`: comment none → `'new'`"]),
    (
        "ALTER TABLE other MODIFY y INT COLUMN_FORMAT FIXED",
        &["table `other`: column `y`: column_format none → `FIXED`"],
    ),
    ("ALTER TABLE in_memory ADD y INT", &["table `in_memory`: column `y`: extra, int NULL DEFAULT NULL"]),
    ("ALTER TABLE by_range ADD z INT", &["table `by_range`: column `z`: extra, int NULL DEFAULT NULL"]),
    (
        "ALTER TABLE other ADD id INT NOT NULL AUTO_INCREMENT PRIMARY KEY FIRST",
        &[
            "table `other`: column `id`: extra, int NOT NULL AUTO_INCREMENT",
            "table `other`: index `PRIMARY`: extra, PRIMARY KEY (`id`)",
        ],
    ),
    (
        "ALTER TABLE t DROP FOREIGN KEY fk_parent, MODIFY parent_id BIGINT",
        &[
            "table `t`: column `parent_id`: type `int` → `bigint`",
            "table `t`: foreign key `fk_parent`: missing, CONSTRAINT `fk_parent` FOREIGN KEY (`parent_id`) REFERENCES `parent` (`id`) ON DELETE SET NULL",
        ],
    ),
    (
        "ALTER TABLE parent MODIFY code VARCHAR(10) NOT NULL COMMENT 'x'",
        &["table `parent`: column `code`: comment none → `'x'`"],
    ),
    (
        "ALTER TABLE parent MODIFY code VARCHAR(20) NOT NULL",
        &["table `parent`: column `code`: type `varchar(10)` → `varchar(20)`"],
    ),
];

/// Indexes, foreign keys, CHECKs.
pub const KEYS: &[(&str, &[&str])] = &[
    ("ALTER TABLE t DROP INDEX idx_ad", &["table `t`: index `idx_ad`: missing, KEY `idx_ad` (`a`,`d` DESC)"]),
    ("ALTER TABLE t DROP INDEX uk_b", &["table `t`: index `uk_b`: missing, UNIQUE KEY `uk_b` (`b`)"]),
    (
        "ALTER TABLE t DROP INDEX ft_j",
        &["table `t`: index `ft_j`: missing, FULLTEXT KEY `ft_j` (`j`) WITH PARSER `ngram`"],
    ),
    ("ALTER TABLE t DROP INDEX sp_p", &["table `t`: index `sp_p`: missing, SPATIAL KEY `sp_p` (`p`)"]),
    ("ALTER TABLE t DROP INDEX idx_func", &["table `t`: index `idx_func`: missing, KEY `idx_func` ((lower(`b`)))"]),
    (
        "ALTER TABLE t DROP INDEX idx_hidden",
        &["table `t`: index `idx_hidden`: missing, KEY `idx_hidden` (`w`) INVISIBLE"],
    ),
    ("ALTER TABLE t ADD INDEX n (e, a)", &["table `t`: index `n`: extra, KEY `n` (`e`,`a`)"]),
    ("ALTER TABLE t ADD UNIQUE INDEX n (v)", &["table `t`: index `n`: extra, UNIQUE KEY `n` (`v`)"]),
    ("ALTER TABLE t ADD FULLTEXT INDEX n (b)", &["table `t`: index `n`: extra, FULLTEXT KEY `n` (`b`)"]),
    ("ALTER TABLE t ADD INDEX n ((a + d))", &["table `t`: index `n`: extra, KEY `n` ((`a` + `d`))"]),
    (
        "ALTER TABLE t RENAME INDEX idx_ad TO idx_da",
        &[
            "table `t`: index `idx_ad`: missing, KEY `idx_ad` (`a`,`d` DESC)",
            "table `t`: index `idx_da`: extra, KEY `idx_da` (`a`,`d` DESC)",
        ],
    ),
    ("ALTER TABLE t RENAME INDEX idx_ad TO IDX_ad", &["table `t`: index `idx_ad`: name `idx_ad` → `IDX_ad`"]),
    (
        "ALTER TABLE t DROP INDEX idx_ad, ADD INDEX idx_ad (d DESC, a)",
        &["table `t`: index `idx_ad`: columns `a`,`d` DESC → `d` DESC,`a`"],
    ),
    (
        "ALTER TABLE t DROP INDEX idx_ad, ADD INDEX idx_ad (a, d)",
        &["table `t`: index `idx_ad`: columns `a`,`d` DESC → `a`,`d`"],
    ),
    (
        "ALTER TABLE t DROP INDEX idx_ad, ADD INDEX idx_ad (a)",
        &["table `t`: index `idx_ad`: columns `a`,`d` DESC → `a`"],
    ),
    (
        "ALTER TABLE t DROP INDEX idx_prefix, ADD INDEX idx_prefix (j(11))",
        &["table `t`: index `idx_prefix`: columns `j`(10) → `j`(11)"],
    ),
    (
        "ALTER TABLE t DROP INDEX idx_func, ADD INDEX idx_func ((UPPER(b)))",
        &["table `t`: index `idx_func`: columns (lower(`b`)) → (upper(`b`))"],
    ),
    (
        "ALTER TABLE t DROP INDEX idx_ad, ADD UNIQUE INDEX idx_ad (a, d DESC)",
        &["table `t`: index `idx_ad`: kind `KEY` → `UNIQUE KEY`"],
    ),
    ("ALTER TABLE t DROP INDEX uk_b, ADD INDEX uk_b (b)", &["table `t`: index `uk_b`: kind `UNIQUE KEY` → `KEY`"]),
    (
        "ALTER TABLE t ALTER INDEX idx_hidden VISIBLE",
        &["table `t`: index `idx_hidden`: visibility `INVISIBLE` → `VISIBLE`"],
    ),
    ("ALTER TABLE t ALTER INDEX idx_ad INVISIBLE", &["table `t`: index `idx_ad`: visibility `VISIBLE` → `INVISIBLE`"]),
    (
        "ALTER TABLE t DROP INDEX ft_j; ALTER TABLE t ADD FULLTEXT INDEX ft_j (j)",
        &["table `t`: index `ft_j`: parser `ngram` → none"],
    ),
    (
        "ALTER TABLE t DROP INDEX idx_comment, ADD INDEX idx_comment (k)",
        &["table `t`: index `idx_comment`: comment `'why'` → none"],
    ),
    (
        "ALTER TABLE t DROP INDEX idx_comment, ADD INDEX idx_comment (k) COMMENT 'because'",
        &["table `t`: index `idx_comment`: comment `'why'` → `'because'`"],
    ),
    (
        "ALTER TABLE t DROP INDEX idx_ad, ADD INDEX idx_ad (a, d DESC) COMMENT 'x'",
        &["table `t`: index `idx_ad`: comment none → `'x'`"],
    ),
    (
        "ALTER TABLE in_memory DROP INDEX k, ADD INDEX k (id) USING BTREE",
        &["table `in_memory`: index `k`: using `HASH` → `BTREE`"],
    ),
    ("ALTER TABLE by_hash DROP PRIMARY KEY", &["table `by_hash`: index `PRIMARY`: missing, PRIMARY KEY (`id`)"]),
    (
        "ALTER TABLE by_range DROP PRIMARY KEY, ADD PRIMARY KEY (y, id)",
        &["table `by_range`: index `PRIMARY`: columns `id`,`y` → `y`,`id`"],
    ),
    (
        "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (id, a)",
        &["table `t`: index `PRIMARY`: columns `id` → `id`,`a`"],
    ),
    ("ALTER TABLE other ADD PRIMARY KEY (x)", &["table `other`: index `PRIMARY`: extra, PRIMARY KEY (`x`)"]),
    (
        "ALTER TABLE t DROP INDEX idx_parent, ADD INDEX idx_parent (parent_id, a)",
        &["table `t`: index `idx_parent`: columns `parent_id` → `parent_id`,`a`"],
    ),
    (
        "ALTER TABLE t DROP FOREIGN KEY fk_parent",
        &[
            "table `t`: foreign key `fk_parent`: missing, CONSTRAINT `fk_parent` FOREIGN KEY (`parent_id`) REFERENCES `parent` (`id`) ON DELETE SET NULL",
        ],
    ),
    (
        "ALTER TABLE other ADD CONSTRAINT fk_n FOREIGN KEY (y) REFERENCES parent (id)",
        &[
            "table `other`: index `fk_n`: extra, KEY `fk_n` (`y`)",
            "table `other`: foreign key `fk_n`: extra, CONSTRAINT `fk_n` FOREIGN KEY (`y`) REFERENCES `parent` (`id`)",
        ],
    ),
    (
        "ALTER TABLE t ADD CONSTRAINT fk_n FOREIGN KEY (a) REFERENCES parent (id)",
        &["table `t`: foreign key `fk_n`: extra, CONSTRAINT `fk_n` FOREIGN KEY (`a`) REFERENCES `parent` (`id`)"],
    ),
    (
        "ALTER TABLE t DROP FOREIGN KEY fk_parent; ALTER TABLE t ADD CONSTRAINT fk_parent FOREIGN KEY (parent_id) REFERENCES parent (id)",
        &["table `t`: foreign key `fk_parent`: on delete `SET NULL` → `RESTRICT`"],
    ),
    (
        "ALTER TABLE t DROP FOREIGN KEY fk_parent; ALTER TABLE t ADD CONSTRAINT fk_parent FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE",
        &["table `t`: foreign key `fk_parent`: on delete `SET NULL` → `CASCADE`"],
    ),
    (
        "ALTER TABLE t DROP FOREIGN KEY fk_parent; ALTER TABLE t ADD CONSTRAINT fk_parent FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE SET NULL ON UPDATE CASCADE",
        &["table `t`: foreign key `fk_parent`: on update `RESTRICT` → `CASCADE`"],
    ),
    (
        "ALTER TABLE t DROP FOREIGN KEY fk_code; ALTER TABLE t ADD CONSTRAINT fk_code FOREIGN KEY (code) REFERENCES parent (code) ON UPDATE SET NULL",
        &["table `t`: foreign key `fk_code`: on update `CASCADE` → `SET NULL`"],
    ),
    (
        "ALTER TABLE t DROP FOREIGN KEY fk_parent; ALTER TABLE t ADD CONSTRAINT fk_parent FOREIGN KEY (l) REFERENCES parent (id) ON DELETE SET NULL",
        &[
            "table `t`: index `fk_parent`: extra, KEY `fk_parent` (`l`)",
            "table `t`: foreign key `fk_parent`: columns `parent_id` → `l`",
        ],
    ),
    (
        "CREATE TABLE n (id INT NOT NULL PRIMARY KEY); ALTER TABLE t DROP FOREIGN KEY fk_parent; ALTER TABLE t ADD CONSTRAINT fk_parent FOREIGN KEY (parent_id) REFERENCES n (id) ON DELETE SET NULL",
        &["table `n`: extra", "table `t`: foreign key `fk_parent`: references `parent` (`id`) → `n` (`id`)"],
    ),
    (
        "ALTER TABLE t DROP FOREIGN KEY fk_parent; ALTER TABLE t ADD CONSTRAINT fk_other FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE SET NULL",
        &[
            "table `t`: foreign key `fk_parent`: missing, CONSTRAINT `fk_parent` FOREIGN KEY (`parent_id`) REFERENCES `parent` (`id`) ON DELETE SET NULL",
            "table `t`: foreign key `fk_other`: extra, CONSTRAINT `fk_other` FOREIGN KEY (`parent_id`) REFERENCES `parent` (`id`) ON DELETE SET NULL",
        ],
    ),
    ("ALTER TABLE parent ADD INDEX n (code, id)", &["table `parent`: index `n`: extra, KEY `n` (`code`,`id`)"]),
    (
        "ALTER TABLE parent RENAME INDEX uk_code TO uk_c",
        &[
            "table `parent`: index `uk_code`: missing, UNIQUE KEY `uk_code` (`code`)",
            "table `parent`: index `uk_c`: extra, UNIQUE KEY `uk_c` (`code`)",
        ],
    ),
    ("ALTER TABLE t DROP CHECK chk_a", &["table `t`: check `chk_a`: missing, CONSTRAINT `chk_a` CHECK (`a` > 0)"]),
    (
        "ALTER TABLE t ADD CONSTRAINT chk_n CHECK (d < 5)",
        &["table `t`: check `chk_n`: extra, CONSTRAINT `chk_n` CHECK (`d` < 5)"],
    ),
    (
        "ALTER TABLE t DROP CHECK chk_a, ADD CONSTRAINT chk_a CHECK (a > 1)",
        &["table `t`: check `chk_a`: expression `a` > 0 → `a` > 1"],
    ),
    (
        "ALTER TABLE t ALTER CHECK chk_a NOT ENFORCED",
        &["table `t`: check `chk_a`: enforced `ENFORCED` → `NOT ENFORCED`"],
    ),
    ("ALTER TABLE t ALTER CHECK chk_e ENFORCED", &["table `t`: check `chk_e`: enforced `NOT ENFORCED` → `ENFORCED`"]),
    (
        "ALTER TABLE t DROP CHECK chk_e, ADD CONSTRAINT chk_e CHECK (e <> 'Z') NOT ENFORCED",
        &["table `t`: check `chk_e`: expression `e` <> 'z' → `e` <> 'Z'"],
    ),
    (
        "ALTER TABLE t DROP CHECK chk_a, ADD CONSTRAINT chk_b CHECK (a > 0)",
        &[
            "table `t`: check `chk_a`: missing, CONSTRAINT `chk_a` CHECK (`a` > 0)",
            "table `t`: check `chk_b`: extra, CONSTRAINT `chk_b` CHECK (`a` > 0)",
        ],
    ),
];

/// Tables, their options and partitions.
pub const TABLES: &[(&str, &[&str])] = &[
    ("CREATE TABLE n (x INT)", &["table `n`: extra"]),
    (
        "CREATE TABLE n1 (x INT PRIMARY KEY); CREATE TABLE n2 (x INT PRIMARY KEY, FOREIGN KEY (x) REFERENCES n1 (x)); ALTER TABLE n1 ADD FOREIGN KEY (x) REFERENCES n2 (x)",
        &["table `n1`: extra", "table `n2`: extra"],
    ),
    ("DROP TABLE other", &["table `other`: missing"]),
    ("DROP TABLE by_range", &["table `by_range`: missing"]),
    ("DROP TABLE packed, in_memory", &["table `in_memory`: missing", "table `packed`: missing"]),
    (
        "DROP TABLE t",
        &[
            "table `t`: missing",
            "trigger `t_after`: missing",
            "trigger `t_first`: missing",
            "trigger `t_second`: missing",
            "trigger `t_third`: missing",
        ],
    ),
    ("SET foreign_key_checks = 0; DROP TABLE parent", &["table `parent`: missing"]),
    ("RENAME TABLE other TO another", &["table `another`: extra", "table `other`: missing"]),
    ("ALTER TABLE t COMMENT = ''", &["table `t`: comment `'base'` → none"]),
    ("ALTER TABLE t COMMENT = 'it''s'", &["table `t`: comment `'base'` → `'it''s'`"]),
    ("ALTER TABLE other COMMENT = 'new'", &["table `other`: comment none → `'new'`"]),
    ("ALTER TABLE other ENGINE=MyISAM", &["table `other`: engine `InnoDB` → `MyISAM`"]),
    (
        "ALTER TABLE in_memory ENGINE=InnoDB",
        &["table `in_memory`: index `k`: using `HASH` → none", "table `in_memory`: engine `MEMORY` → `InnoDB`"],
    ),
    (
        "ALTER TABLE other DEFAULT CHARSET=latin1",
        &[
            "table `other`: default charset `utf8mb4` → `latin1`",
            "table `other`: collate `utf8mb4_unicode_ci` → `latin1_swedish_ci`",
        ],
    ),
    ("ALTER TABLE other COLLATE=utf8mb4_bin", &["table `other`: collate `utf8mb4_unicode_ci` → `utf8mb4_bin`"]),
    (
        "ALTER TABLE other CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci",
        &[
            "table `other`: column `z`: collation `utf8mb4_unicode_ci` → `utf8mb4_0900_ai_ci`",
            "table `other`: collate `utf8mb4_unicode_ci` → `utf8mb4_0900_ai_ci`",
        ],
    ),
    ("ALTER TABLE t ROW_FORMAT=COMPACT", &["table `t`: row_format `DYNAMIC` → `COMPACT`"]),
    ("ALTER TABLE other ROW_FORMAT=REDUNDANT", &["table `other`: row_format none → `REDUNDANT`"]),
    ("ALTER TABLE t ROW_FORMAT=DEFAULT", &["table `t`: row_format `DYNAMIC` → none"]),
    (
        "ALTER TABLE packed KEY_BLOCK_SIZE=4",
        &["table `packed`: index `PRIMARY`: key_block_size none → `8`", "table `packed`: key_block_size `8` → `4`"],
    ),
    (
        "ALTER TABLE packed KEY_BLOCK_SIZE=0, ROW_FORMAT=DYNAMIC",
        &["table `packed`: row_format `COMPRESSED` → `DYNAMIC`", "table `packed`: key_block_size `8` → none"],
    ),
    ("ALTER TABLE t STATS_PERSISTENT=0", &["table `t`: stats_persistent `1` → `0`"]),
    ("ALTER TABLE t STATS_PERSISTENT=DEFAULT", &["table `t`: stats_persistent `1` → none"]),
    ("ALTER TABLE other STATS_AUTO_RECALC=0", &["table `other`: stats_auto_recalc none → `0`"]),
    ("ALTER TABLE other STATS_SAMPLE_PAGES=30", &["table `other`: stats_sample_pages none → `30`"]),
    ("ALTER TABLE other MAX_ROWS=1000", &["table `other`: max_rows none → `1000`"]),
    ("ALTER TABLE other MIN_ROWS=10", &["table `other`: min_rows none → `10`"]),
    ("ALTER TABLE other AVG_ROW_LENGTH=100", &["table `other`: avg_row_length none → `100`"]),
    ("ALTER TABLE other PACK_KEYS=1", &["table `other`: pack_keys none → `1`"]),
    ("ALTER TABLE other CHECKSUM=1", &["table `other`: checksum none → `1`"]),
    ("ALTER TABLE other DELAY_KEY_WRITE=1", &["table `other`: delay_key_write none → `1`"]),
    ("ALTER TABLE other COMPRESSION='zlib'", &["table `other`: compression none → `'zlib'`"]),
    ("ALTER TABLE other AUTOEXTEND_SIZE=4M", &["table `other`: autoextend_size none → `4194304`"]),
    (
        "ALTER TABLE by_range DROP PARTITION p0",
        &[
            "table `by_range`: partitions | - (PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB, | -  PARTITION p1 VALUES LESS THAN (20) ENGINE = InnoDB, | + (PARTITION p1 VALUES LESS THAN (20) ENGINE = InnoDB,",
        ],
    ),
    (
        "ALTER TABLE by_range REORGANIZE PARTITION pm INTO (PARTITION p2 VALUES LESS THAN (30), PARTITION pm VALUES LESS THAN MAXVALUE)",
        &["table `by_range`: partitions | +  PARTITION p2 VALUES LESS THAN (30) ENGINE = InnoDB,"],
    ),
    (
        "ALTER TABLE by_range REORGANIZE PARTITION p0, p1 INTO (PARTITION p0 VALUES LESS THAN (11), PARTITION p1 VALUES LESS THAN (20))",
        &[
            "table `by_range`: partitions | - (PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB, | + (PARTITION p0 VALUES LESS THAN (11) ENGINE = InnoDB,",
        ],
    ),
    (
        "ALTER TABLE by_range REMOVE PARTITIONING",
        &[
            "table `by_range`: partitions | - PARTITION BY RANGE (`y`) | - (PARTITION p0 VALUES LESS THAN (10) ENGINE = InnoDB, | -  PARTITION p1 VALUES LESS THAN (20) ENGINE = InnoDB, | -  PARTITION pm VALUES LESS THAN MAXVALUE ENGINE = InnoDB)",
        ],
    ),
    (
        "ALTER TABLE by_range PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20), PARTITION pm VALUES LESS THAN MAXVALUE)",
        &["table `by_range`: partitions | - PARTITION BY RANGE (`y`) | + PARTITION BY RANGE (`id`)"],
    ),
    (
        "ALTER TABLE by_hash PARTITION BY KEY (id) PARTITIONS 4",
        &["table `by_hash`: partitions | - PARTITION BY HASH (`id`) | + PARTITION BY KEY (id)"],
    ),
    ("ALTER TABLE by_hash COALESCE PARTITION 1", &["table `by_hash`: partitions | - PARTITIONS 4 | + PARTITIONS 3"]),
    (
        "ALTER TABLE other PARTITION BY HASH (x) PARTITIONS 2",
        &["table `other`: partitions | + PARTITION BY HASH (`x`) | + PARTITIONS 2"],
    ),
    (
        "ALTER TABLE by_hash REMOVE PARTITIONING",
        &["table `by_hash`: partitions | - PARTITION BY HASH (`id`) | - PARTITIONS 4"],
    ),
];

/// Views, triggers, routines, events.
pub const PROGRAMS: &[(&str, &[&str])] = &[
    ("DROP VIEW v3", &["view `v3`: missing"]),
    ("DROP VIEW v1, v2", &["view `v1`: missing", "view `v2`: missing"]),
    ("CREATE VIEW n AS SELECT 1", &["view `n`: extra"]),
    (
        "ALTER ALGORITHM=TEMPTABLE VIEW v1 AS SELECT id, a, b FROM t WHERE b = 'x'",
        &["view `v1`: algorithm `MERGE` → `TEMPTABLE`"],
    ),
    (
        "ALTER ALGORITHM=MERGE DEFINER='ghost'@'%' VIEW v1 AS SELECT id, a, b FROM t WHERE b = 'x'",
        &["view `v1`: definer `root`@`localhost` → `ghost`@`%`"],
    ),
    (
        "ALTER SQL SECURITY DEFINER VIEW v2 AS SELECT v1.id, f1(v1.a) AS n FROM v1",
        &["view `v2`: security `INVOKER` → `DEFINER`"],
    ),
    (
        "ALTER ALGORITHM=MERGE VIEW v1 AS SELECT id, a, b FROM t WHERE b = 'y'",
        &[
            "view `v1`: body | - select `t`.`id` AS `id`,`t`.`a` AS `a`,`t`.`b` AS `b` from `t` where (`t`.`b` = 'x') | + select `t`.`id` AS `id`,`t`.`a` AS `a`,`t`.`b` AS `b` from `t` where (`t`.`b` = 'y')",
        ],
    ),
    ("ALTER VIEW v3 AS SELECT id, a FROM t WHERE a > 5", &["view `v3`: check option `LOCAL` → none"]),
    (
        "ALTER VIEW v3 AS SELECT id, a FROM t WHERE a > 5 WITH CASCADED CHECK OPTION",
        &["view `v3`: check option `LOCAL` → `CASCADED`"],
    ),
    ("DROP VIEW v3; CREATE TABLE v3 (id INT)", &["table `v3`: extra", "view `v3`: missing"]),
    ("DROP TRIGGER t_after", &["trigger `t_after`: missing"]),
    ("DROP TRIGGER t_first", &["trigger `t_first`: missing"]),
    ("DROP TRIGGER t_second", &["trigger `t_second`: missing"]),
    ("CREATE TRIGGER n AFTER INSERT ON t FOR EACH ROW SET @x = 1", &["trigger `n`: extra"]),
    ("CREATE TRIGGER n BEFORE INSERT ON t FOR EACH ROW PRECEDES t_first SET @x = 1", &["trigger `n`: extra"]),
    (
        "DROP TRIGGER t_first; CREATE TRIGGER t_first BEFORE INSERT ON t FOR EACH ROW FOLLOWS t_third SET NEW.k = 1",
        &["trigger `t_first`: order `first` → after `t_third`"],
    ),
    (
        "DROP TRIGGER t_third; CREATE TRIGGER t_third BEFORE INSERT ON t FOR EACH ROW PRECEDES t_first BEGIN\n    SET NEW.b = 'third';\nEND",
        &["trigger `t_third`: order after `t_second` → `first`"],
    ),
    (
        "DROP TRIGGER t_first; CREATE TRIGGER t_first BEFORE INSERT ON t FOR EACH ROW PRECEDES t_second SET NEW.k = 2",
        &["trigger `t_first`: body `SET NEW.k = 1` → `SET NEW.k = 2`"],
    ),
    (
        "DROP TRIGGER t_after; CREATE TRIGGER t_after BEFORE UPDATE ON t FOR EACH ROW INSERT INTO other (x) VALUES (1)",
        &["trigger `t_after`: timing `AFTER` → `BEFORE`"],
    ),
    (
        "DROP TRIGGER t_after; CREATE TRIGGER t_after AFTER DELETE ON t FOR EACH ROW INSERT INTO other (x) VALUES (1)",
        &["trigger `t_after`: event `UPDATE` → `DELETE`"],
    ),
    (
        "DROP TRIGGER t_after; CREATE TRIGGER t_after AFTER UPDATE ON parent FOR EACH ROW INSERT INTO other (x) VALUES (1)",
        &["trigger `t_after`: table `t` → `parent`"],
    ),
    (
        "DROP TRIGGER t_after; CREATE DEFINER='ghost'@'%' TRIGGER t_after AFTER UPDATE ON t FOR EACH ROW INSERT INTO other (x) VALUES (1)",
        &["trigger `t_after`: definer `root`@`localhost` → `ghost`@`%`"],
    ),
    (
        "DROP TRIGGER t_after; SET sql_mode = 'ANSI_QUOTES'; CREATE TRIGGER t_after AFTER UPDATE ON t FOR EACH ROW INSERT INTO other (x) VALUES (1)",
        &[
            "trigger `t_after`: sql_mode | - ERROR_FOR_DIVISION_BY_ZERO | - IGNORE_SPACE | - NO_ENGINE_SUBSTITUTION | - NO_ZERO_DATE | - NO_ZERO_IN_DATE | - ONLY_FULL_GROUP_BY | - STRICT_TRANS_TABLES | + ANSI_QUOTES",
        ],
    ),
    ("DROP FUNCTION f1", &["function `f1`: missing"]),
    ("CREATE FUNCTION n() RETURNS INT NO SQL RETURN 1", &["function `n`: extra"]),
    (
        "DROP FUNCTION f1; CREATE FUNCTION f1(x BIGINT) RETURNS INT DETERMINISTIC NO SQL COMMENT 'one more' RETURN x + 1",
        &["function `f1`: parameters `x INT` → `x BIGINT`"],
    ),
    (
        "DROP FUNCTION f1; CREATE FUNCTION f1(x INT) RETURNS BIGINT DETERMINISTIC NO SQL COMMENT 'one more' RETURN x + 1",
        &["function `f1`: returns `int` → `bigint`"],
    ),
    (
        "DROP FUNCTION f1; CREATE FUNCTION f1(x INT) RETURNS INT NO SQL COMMENT 'one more' RETURN x + 1",
        &["function `f1`: deterministic `yes` → `no`"],
    ),
    (
        "DROP FUNCTION f1; CREATE FUNCTION f1(x INT) RETURNS INT DETERMINISTIC NO SQL COMMENT 'one more' RETURN x + 2",
        &["function `f1`: body `RETURN x + 1` → `RETURN x + 2`"],
    ),
    ("ALTER FUNCTION f1 READS SQL DATA", &["function `f1`: data access `NO SQL` → `READS SQL DATA`"]),
    ("ALTER FUNCTION f1 CONTAINS SQL", &["function `f1`: data access `NO SQL` → `CONTAINS SQL`"]),
    ("ALTER FUNCTION f1 SQL SECURITY INVOKER", &["function `f1`: security `DEFINER` → `INVOKER`"]),
    ("ALTER FUNCTION f1 COMMENT 'two more'", &["function `f1`: comment `'one more'` → `'two more'`"]),
    ("DROP PROCEDURE p1", &["procedure `p1`: missing"]),
    ("CREATE PROCEDURE n() SELECT 1", &["procedure `n`: extra"]),
    ("ALTER PROCEDURE p1 MODIFIES SQL DATA", &["procedure `p1`: data access `CONTAINS SQL` → `MODIFIES SQL DATA`"]),
    ("ALTER PROCEDURE p1 COMMENT 'x; y'", &["procedure `p1`: comment none → `'x; y'`"]),
    (
        "DROP PROCEDURE p1; CREATE PROCEDURE p1(INOUT x INT, OUT y INT)\nBEGIN\n    SET y = x;\n    SELECT COUNT(*) FROM t WHERE a > x;\nEND",
        &["procedure `p1`: parameters `IN x INT, OUT y INT` → `INOUT x INT, OUT y INT`"],
    ),
    (
        "DROP PROCEDURE p1; CREATE PROCEDURE p1(IN x INT, OUT y INT)\nBEGIN\n    SET y = x;\n    SELECT COUNT(*) FROM t WHERE a < x;\nEND",
        &[
            "procedure `p1`: body | -     SELECT COUNT(*) FROM t WHERE a > x; | +     SELECT COUNT(*) FROM t WHERE a < x;",
        ],
    ),
    (
        "DROP PROCEDURE p1; CREATE DEFINER='ghost'@'%' PROCEDURE p1(IN x INT, OUT y INT)\nBEGIN\n    SET y = x;\n    SELECT COUNT(*) FROM t WHERE a > x;\nEND",
        &["procedure `p1`: definer `root`@`localhost` → `ghost`@`%`"],
    ),
    (
        "DROP PROCEDURE p1; SET sql_mode = ''; CREATE PROCEDURE p1(IN x INT, OUT y INT)\nBEGIN\n    SET y = x;\n    SELECT COUNT(*) FROM t WHERE a > x;\nEND",
        &[
            "procedure `p1`: sql_mode | - ERROR_FOR_DIVISION_BY_ZERO | - IGNORE_SPACE | - NO_ENGINE_SUBSTITUTION | - NO_ZERO_DATE | - NO_ZERO_IN_DATE | - ONLY_FULL_GROUP_BY | - STRICT_TRANS_TABLES",
        ],
    ),
    ("DROP EVENT e1", &["event `e1`: missing"]),
    ("CREATE EVENT n ON SCHEDULE EVERY 1 DAY DISABLE DO SET @x = 1", &["event `n`: extra"]),
    (
        "ALTER EVENT e1 ON SCHEDULE EVERY 2 DAY STARTS '2031-01-01 00:00:00' ENDS '2032-01-01 00:00:00'",
        &["event `e1`: schedule `EVERY 1 DAY` → `EVERY 2 DAY`"],
    ),
    (
        "ALTER EVENT e1 ON SCHEDULE EVERY 1 DAY STARTS '2031-01-02 00:00:00' ENDS '2032-01-01 00:00:00'",
        &["event `e1`: starts `'2031-01-01 00:00:00'` → `'2031-01-02 00:00:00'`"],
    ),
    (
        "ALTER EVENT e1 ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 00:00:00'",
        &["event `e1`: ends `'2032-01-01 00:00:00'` → none"],
    ),
    (
        "ALTER EVENT e1 ON SCHEDULE AT '2031-01-01 00:00:00'",
        &[
            "event `e1`: schedule `EVERY 1 DAY` → `AT '2031-01-01 00:00:00'`",
            "event `e1`: ends `'2032-01-01 00:00:00'` → none",
            "event `e1`: starts `'2031-01-01 00:00:00'` → none",
        ],
    ),
    ("ALTER EVENT e1 ON COMPLETION NOT PRESERVE", &["event `e1`: on completion `PRESERVE` → `NOT PRESERVE`"]),
    ("ALTER EVENT e1 ENABLE", &["event `e1`: status `DISABLE` → `ENABLE`"]),
    ("ALTER EVENT e1 DISABLE ON REPLICA", &["event `e1`: status `DISABLE` → `DISABLE ON REPLICA`"]),
    ("ALTER EVENT e1 COMMENT 'daily'", &["event `e1`: comment `'nightly'` → `'daily'`"]),
    (
        "ALTER EVENT e1 DO DELETE FROM other WHERE x < 1",
        &["event `e1`: body `DELETE FROM other WHERE x < 0` → `DELETE FROM other WHERE x < 1`"],
    ),
    ("ALTER EVENT e1 RENAME TO e2", &["event `e1`: missing", "event `e2`: extra"]),
    ("ALTER DEFINER='ghost'@'%' EVENT e1 COMMENT 'nightly'", &["event `e1`: definer `root`@`localhost` → `ghost`@`%`"]),
    (
        "SET time_zone = '+02:00'; ALTER EVENT e1 ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 00:00:00' ENDS '2032-01-01 00:00:00'",
        &["event `e1`: time zone `+00:00` → `+02:00`"],
    ),
    (
        "SET sql_mode = ''; ALTER EVENT e1 DO DELETE FROM other WHERE x < 0",
        &[
            "event `e1`: sql_mode | - ERROR_FOR_DIVISION_BY_ZERO | - IGNORE_SPACE | - NO_ENGINE_SUBSTITUTION | - NO_ZERO_DATE | - NO_ZERO_IN_DATE | - ONLY_FULL_GROUP_BY | - STRICT_TRANS_TABLES",
        ],
    ),
];

/// Two ways to write the same.
pub const EQUAL: &[(&str, &str)] = &[
    ("CREATE TABLE a (x INT(11))", "CREATE TABLE a (x INTEGER)"),
    ("CREATE TABLE a (x TINYINT(4), y BIGINT(20) UNSIGNED)", "CREATE TABLE a (x TINYINT, y BIGINT UNSIGNED)"),
    ("CREATE TABLE a (x BOOLEAN)", "CREATE TABLE a (x TINYINT(1))"),
    ("CREATE TABLE a (x NUMERIC(5))", "CREATE TABLE a (x DECIMAL(5, 0))"),
    (
        "CREATE TABLE a (x VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
        "CREATE TABLE a (x VARCHAR(9)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    ),
    (
        "CREATE TABLE a (x VARCHAR(9) COLLATE utf8mb4_bin)",
        "CREATE TABLE a (x VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)",
    ),
    (
        "CREATE TABLE a (x TEXT) DEFAULT CHARSET=latin1",
        "CREATE TABLE a (x TEXT CHARACTER SET latin1) DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci",
    ),
    ("CREATE TABLE a (x TEXT) DEFAULT CHARSET=utf8", "CREATE TABLE a (x TEXT) DEFAULT CHARSET=utf8mb3"),
    ("CREATE TABLE a (x INT)", "CREATE TABLE a (x INT NULL DEFAULT NULL)"),
    ("CREATE TABLE a (x INT DEFAULT 1)", "CREATE TABLE a (x INT DEFAULT '1')"),
    ("CREATE TABLE a (x TIMESTAMP NULL DEFAULT NOW())", "CREATE TABLE a (x TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP)"),
    ("CREATE TABLE a (x VARCHAR(36) DEFAULT (uuid()))", "CREATE TABLE a (x VARCHAR(36) DEFAULT ((UUID())))"),
    ("CREATE TABLE a (x INT PRIMARY KEY)", "CREATE TABLE a (x INT NOT NULL, PRIMARY KEY (x))"),
    ("CREATE TABLE a (x INT, y INT, KEY k (x), KEY l (y))", "CREATE TABLE a (x INT, y INT, KEY l (y), KEY k (x))"),
    ("CREATE TABLE a (x INT, KEY k (x) USING BTREE)", "CREATE TABLE a (x INT, INDEX k (x ASC))"),
    ("CREATE TABLE a (x INT UNIQUE)", "CREATE TABLE a (x INT, UNIQUE KEY x (x))"),
    ("CREATE TABLE a (x INT, KEY k (x))", "CREATE TABLE a (x INT); CREATE INDEX k ON a (x)"),
    (
        "CREATE TABLE a (x INT PRIMARY KEY); CREATE TABLE b (x INT, CONSTRAINT f FOREIGN KEY (x) REFERENCES a (x) ON DELETE RESTRICT ON UPDATE NO ACTION)",
        "CREATE TABLE a (x INT PRIMARY KEY); CREATE TABLE b (x INT, CONSTRAINT f FOREIGN KEY (x) REFERENCES a (x))",
    ),
    (
        "CREATE TABLE a (x INT PRIMARY KEY); CREATE TABLE b (x INT, y INT, KEY k (x, y), CONSTRAINT f FOREIGN KEY (x) REFERENCES a (x))",
        "CREATE TABLE a (x INT PRIMARY KEY); CREATE TABLE b (x INT, y INT, KEY f (x), KEY k (x, y), CONSTRAINT f FOREIGN KEY (x) REFERENCES a (x))",
    ),
    (
        "CREATE TABLE a (x INT PRIMARY KEY); CREATE TABLE b (x INT, FOREIGN KEY (x) REFERENCES a (x))",
        "CREATE TABLE a (x INT PRIMARY KEY); CREATE TABLE b (x INT, CONSTRAINT b_ibfk_7 FOREIGN KEY (x) REFERENCES a (x))",
    ),
    ("CREATE TABLE a (x INT, CHECK (x > 0), CHECK (x < 9))", "CREATE TABLE a (x INT, CHECK (x < 9), CHECK (x > 0))"),
    ("CREATE TABLE a (x INT, CONSTRAINT c CHECK (x > 0))", "CREATE TABLE a (x INT CONSTRAINT c CHECK (((x > 0))))"),
    (
        "SET NAMES latin1; CREATE TABLE a (x VARCHAR(9), CONSTRAINT c CHECK (x <> 'y'))",
        "CREATE TABLE a (x VARCHAR(9), CONSTRAINT c CHECK (x <> _utf8mb4'y'))",
    ),
    (
        "CREATE TABLE a (x VARCHAR(9), y VARCHAR(9) AS (concat(x,'a')))",
        "CREATE TABLE a (x VARCHAR(9), y VARCHAR(9) GENERATED ALWAYS AS (CONCAT(x, _latin1 'a')) VIRTUAL)",
    ),
    (
        "CREATE TABLE a (x INT AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT=900",
        "CREATE TABLE a (x INT AUTO_INCREMENT PRIMARY KEY); INSERT INTO a VALUES (5)",
    ),
    ("CREATE TABLE a (x INT) ENGINE=InnoDB", "CREATE TABLE a (x INT)"),
    ("CREATE TABLE a (x INT)", "CREATE TABLE a (y INT, x INT); ALTER TABLE a DROP COLUMN y"),
    ("CREATE TABLE a (x INT, y INT)", "CREATE TABLE a (y INT, x INT); ALTER TABLE a MODIFY y INT AFTER x"),
    ("CREATE TABLE a (x INT, KEY k ((x + 1)))", "CREATE TABLE a (x INT, KEY k (((x + 1)) ASC))"),
    (
        "CREATE TABLE a (x INT NOT NULL) PARTITION BY RANGE COLUMNS (x) (PARTITION p VALUES LESS THAN (5))",
        "CREATE TABLE a (x INT NOT NULL) PARTITION BY RANGE COLUMNS(x) (PARTITION `p` VALUES LESS THAN (5) ENGINE=InnoDB)",
    ),
    (
        "CREATE TABLE a (x INT); CREATE VIEW v AS SELECT x FROM a",
        "CREATE TABLE a (x INT); CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW v (x) AS select `a`.`x` AS `x` from `a`",
    ),
    (
        "CREATE TABLE a (x INT); CREATE TRIGGER g BEFORE INSERT ON a FOR EACH ROW SET NEW.x = 1",
        "CREATE TABLE a (x INT); create trigger `g`  before  insert on `a` for each row\n  SET NEW.x = 1",
    ),
    (
        "CREATE TABLE a (x INT); CREATE TRIGGER g BEFORE INSERT ON a FOR EACH ROW SET NEW.x = 1; CREATE TRIGGER h BEFORE INSERT ON a FOR EACH ROW SET NEW.x = 2",
        "CREATE TABLE a (x INT); CREATE TRIGGER h BEFORE INSERT ON a FOR EACH ROW SET NEW.x = 2; CREATE TRIGGER g BEFORE INSERT ON a FOR EACH ROW PRECEDES h SET NEW.x = 1",
    ),
    (
        "CREATE PROCEDURE p(x INT) SELECT 1",
        "CREATE PROCEDURE `p` ( x INT ) LANGUAGE SQL NOT DETERMINISTIC CONTAINS SQL SQL SECURITY DEFINER COMMENT '' SELECT 1",
    ),
    (
        "CREATE FUNCTION f() RETURNS INT(11) DETERMINISTIC RETURN 1",
        "CREATE FUNCTION f() RETURNS INTEGER DETERMINISTIC RETURN 1",
    ),
    (
        "SET sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES'; CREATE PROCEDURE p() SELECT 1",
        "SET sql_mode = 'STRICT_ALL_TABLES,ANSI_QUOTES'; CREATE PROCEDURE p() SELECT 1",
    ),
    (
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01' DISABLE DO SET @x = 1",
        "CREATE EVENT `e` ON SCHEDULE EVERY '1' DAY STARTS '2031-01-01 00:00:00' ON COMPLETION NOT PRESERVE DISABLE DO SET @x = 1",
    ),
];
