"""Commands that destroy, by subcommand and options alone."""

from __future__ import annotations

from tui.night.review.risks.commands.rules.rule import ANY, END, LOCAL, Row

DESTRUCTIVE: tuple[Row, ...] = (
    (
        "history",
        "high",
        "rewrites the history of the repository",
        "git",
        r"(?:filter-branch|filter-repo)\b",
    ),
    (
        "history",
        "high",
        "rewrites the history of the repository",
        "bfg|git-filter-repo|git-filter-branch",
        r"(?!--analyze)\S",
    ),
    (
        "history",
        "high",
        "takes away what commits could be brought back from",
        "git",
        rf"reflog (?:expire {ANY}--expire(?:-unreachable)?=(?:now|all|0|1\.)|delete\b)|gc "
        rf"{ANY}--prune=(?:now|all|0)|prune\b"
        r"(?!.*-n\b)|update-ref .*-d\b|update-ref -d|lfs prune .*--force",
    ),
    ("history", "low", "a tag was deleted", "git", r"tag (?:-d|--delete)\b"),
    ("history", "low", "forgets where the repository came from", "git", r"remote (?:remove|rm)\b"),
    (
        "docker",
        "high",
        "deletes volumes with their data",
        "docker|podman|nerdctl",
        rf"volume (?:rm|remove|prune)\b|system prune {ANY}--volumes|compose {ANY}(?:down|rm) {ANY}(?:-v"
        rf"|--volumes){END}",
    ),
    (
        "docker",
        "high",
        "deletes volumes with their data",
        "docker-compose",
        rf"{ANY}(?:down|rm) {ANY}(?:-v|--volumes){END}",
    ),
    (
        "docker",
        "medium",
        "deletes containers, networks and images of this machine",
        "docker|podman|nerdctl",
        rf"system (?:prune|reset)\b|container prune\b|(?:rm|kill|stop) {ANY}\$\(…\)|(?:rmi|image rm) "
        rf"{ANY}\$\(…\)|image prune {ANY}(?:-\w*a|--all)",
    ),
    (
        "cluster",
        "high",
        "deletes what runs in a cluster",
        "kubectl|oc",
        r"delete\b|drain\b|replace .*--force",
        LOCAL,
    ),
    (
        "cluster",
        "high",
        "deletes what runs in a cluster",
        "helm|helm3",
        r"(?:uninstall|delete|del|un)\b",
        LOCAL,
    ),
    (
        "cluster",
        "high",
        "deletes a cluster",
        "eksctl|doctl|hcloud",
        r"(?:.* )?(?:delete|destroy|rm|terminate)\b",
    ),
    (
        "deploy",
        "high",
        "destroys the infrastructure",
        "terraform|tofu|terragrunt|pulumi|cdk|cdktf|sst|copilot|eb|aws-nuke",
        rf"(?:destroy|terminate|delete|delete-org|remove)\b|apply {ANY}-destroy|run-all destroy|stack rm"
        rf"|state delete|--config",
    ),
    (
        "deploy",
        "medium",
        "the record of the infrastructure was changed",
        "terraform|tofu|terragrunt",
        r"state (?:rm|push|mv|replace-provider)\b|force-unlock\b|taint\b|workspace delete",
    ),
    (
        "deploy",
        "high",
        "destroys the infrastructure",
        "serverless|sls|sam|amplify|railway|fly|flyctl|heroku|netlify|vercel|firebase|wrangler",
        r"(?:remove|delete|rm|destroy|down|apps[: ](?:destroy|delete)|pg:reset|sites:delete"
        r"|hosting:disable|machine destroy"
        r"|volumes? (?:destroy|delete)|firestore:delete|database:remove|d1 delete|kv:namespace delete|r2 "
        r"bucket delete)\b",
    ),
    (
        "cloud",
        "high",
        "deletes files or resources in the cloud",
        "aws",
        r"s3 (?:rm\b.*--recursive|rb\b|sync\b.*--delete)|s3api delete-|[\w-]+ (?:delete|terminate|remove"
        r"|purge|deregister|batch-delete)-[\w-]+"
        r"|[\w-]+ (?:schedule-key-deletion|empty)",
        r"localhost|127\.0\.0\.1|localstack|--dry-run",
    ),
    (
        "cloud",
        "medium",
        "deletes a file in the cloud",
        "aws",
        r"s3 rm\b",
        r"localhost|127\.0\.0\.1|localstack|--dryrun",
    ),
    (
        "cloud",
        "high",
        "deletes files or resources in the cloud",
        "gcloud|az|gsutil|rclone|s3cmd|doctl|azcopy",
        rf"(?:[\w:-]+ )*(?:delete|delete-batch|purge|rb)\b|rm {ANY}(?:-\w*r|--recursive)|(?:del|rm) {ANY}-r"
        rf"|(?:purge|delete|rmdirs|deletefile)\b"
        r"|remove\b|rm --force",
    ),
    (
        "cloud",
        "high",
        "deletes a repository, a release or an issue for everybody",
        "gh|glab|hub",
        r"(?:repo|release|issue|project|label|secret|variable|run|cache|gist|ssh-key|gpg-key|ruleset) "
        r"(?:delete|delete-asset|archive|transfer)\b"
        rf"|api {ANY}(?:-X|--method)[ =]?DELETE",
    ),
    (
        "publish",
        "high",
        "takes a published version away",
        "npm|pnpm|yarn|gem|cargo|docker",
        r"(?:unpublish|deprecate|yank|dist-tag rm|owner rm)\b",
    ),
    (
        "disk",
        "high",
        "formats or overwrites a disk",
        "mkfs|mkswap|wipefs|blkdiscard|sgdisk|fdisk|sfdisk|parted|cryptsetup|lvremove|vgremove"
        "|zpool|diskutil",
        r"(?!-l\b|--list|list\b|status\b|info\b|print\b|.*--no-act)\S",
        r"--list|(?:^| )-l(?: |$)| print| status| list\b|isLuks",
    ),
    (
        "disk",
        "high",
        "overwrites a disk",
        "dd",
        r"(?:.* )?of=/dev/(?!null|zero|stdout|stderr|fd|shm|tty)",
    ),
    (
        "processes",
        "high",
        "ends every process of the user",
        "kill",
        r"(?:-\w+ )*(?:-- )?-1$|-(?:9|KILL|SIGKILL) -1\b",
    ),
    (
        "processes",
        "high",
        "stops the machine",
        "shutdown|reboot|poweroff|halt",
        r"(?!-c$|--help)(?:\S|$)",
        r"^-c\b|^[1-5]$",
    ),
    (
        "processes",
        "high",
        "stops the machine",
        "systemctl",
        r"(?:reboot|poweroff|halt|suspend|hibernate|rescue|emergency)\b",
    ),
    ("schedule", "high", "deletes all that cron was told to run", "crontab", r"(?:.* )?-r\b"),
    (
        "schedule",
        "medium",
        "takes away what was planned",
        "atrm|schtasks|launchctl",
        r"\d|/delete|(?:unload|bootout|remove|disable)\b",
    ),
    ("processes", "medium", "takes away the record of what was run", "history", r"-\w*[cw]"),
    (
        "database",
        "high",
        "drops a database",
        "dropdb|dropuser|pg_dropcluster",
        r"(?:.* )?[\w$]",
        r"(?:^|[\s_=-])(?:test|tests|testing|tmp|temp|ci)(?:[_\s]|$)|_test\b|ping|status|--version"
        r"|^sql\b|^start\b",
    ),
    ("database", "high", "drops a database", "mysqladmin", r"(?:.* )?drop\b"),
    (
        "database",
        "high",
        "deletes all that a store holds",
        "redis-cli|valkey-cli|etcdctl",
        r"(?i:(?:.* )?(?:flushall|flushdb|flush_all)\b|del .*--prefix|kv delete .*-recurse)",
    ),
    (
        "database",
        "high",
        "drops a database",
        "bin/rails|rails|rake|bin/rake",
        r"(?:.* )?db:(?:drop|purge)\b",
        r"(?:RAILS_ENV|RACK_ENV)=test",
    ),
    (
        "database",
        "medium",
        "builds a database anew without its data",
        "rails|rake",
        r"(?:.* )?db:(?:reset|migrate:reset|setup|schema:load|structure:load|truncate_all|rollback"
        r"|migrate:down|seed:replant)\b",
    ),
    (
        "database",
        "high",
        "builds a database anew without its data",
        "prisma",
        r"migrate reset\b|db push\b.*--(?:force-reset|accept-data-loss)",
        r":memory:",
    ),
    (
        "migration",
        "medium",
        "takes migrations back, with the data they hold",
        "alembic|flask|sequelize|sequelize-cli|typeorm|mix|supabase|dotnet|artisan|hasura|mikro-orm",
        r"(?:.* )?(?:downgrade|(?:db:)?migrate:(?:undo(?::all)?|fresh|reset|refresh|rollback|down)"
        r"|migration:(?:revert|down|fresh)|migrations? (?:down|revert|reset|redo|rollback)"
        r"|schema:(?:drop|fresh)|db:(?:drop|wipe)|db (?:reset|downgrade)|ef database drop"
        r"|ecto\.(?:drop|reset|rollback)|metadata clear)" + END,
        r":memory:|--sql\b|MIX_ENV=test",
    ),
    (
        "migration",
        "medium",
        "takes migrations back, with the data they hold",
        "knex|goose|dbmate|migrate|golang-migrate|sql-migrate|diesel|sqlx|db-migrate|node-pg-migrate"
        "|migrate-mongo|flyway|liquibase|drizzle-kit|umzug",
        r"(?:.* )?(?:migrate:(?:rollback|down|reset)|database (?:reset|drop)|reset|down|drop|drop-all"
        r"|dropAll|rollback|clean|fresh|revert|undo|push\b.*--force)" + END,
        r":memory:|--help",
    ),
    (
        "database",
        "high",
        "deletes all rows of the database",
        "manage.py|django-admin|php|symfony|doctrine",
        r"(?:.* )?(?:flush|reset_db|sqlflush --|migrate \S+ zero|(?:artisan )?(?:migrate:(?:fresh|reset"
        r"|refresh|rollback)|db:wipe)|doctrine:(?:schema|database):drop)\b",
    ),
    (
        "database",
        "medium",
        "a script that resets the database",
        "npm|pnpm|yarn|bun|make|just|task|composer|deno|rake|invoke|nox|poe",
        r"(?:run |run-script |exec )?(?:[\w:.-]*[:_-])?(?:(?:db|database|migrat\w+|schema"
        r"|prisma)[:_-](?:reset|drop|wipe|down|undo|fresh|clean|nuke|destroy|rollback|purge|truncate"
        r"|flush)"
        r"|(?:reset|drop|wipe|nuke|destroy|purge|truncate|flush)[:_-](?:db|database|data|schema"
        r"|all))(?:[:_-]\w+)*" + END,
        r"test",
    ),
)
