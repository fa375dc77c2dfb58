#!/bin/sh
# Makes the worker's database and account in the MySQL container, by mysql/init.sql. The image runs
# this once, when it has made its data folder. After a change of MYSQL_PASSWORD run it again:
#   docker compose exec mysql sh /docker-entrypoint-initdb.d/account.sh
# In a shell of its own, because the image reads a file that is not executable into its own shell.
(
    set -eu
    cat /chatgate/mysql/account.sql /opt/chatgate/init.sql |
        mysql --defaults-extra-file=/chatgate/mysql/root.cnf \
            --protocol=socket --default-character-set=utf8mb4
)
