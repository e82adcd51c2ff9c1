"""Commands that publish, deploy or change what others see, by subcommand and options alone."""

from __future__ import annotations

from tui.night.review.risks.commands.rules.rule import ANY, END, LOCAL, Row

OUTWARD: tuple[Row, ...] = (
    (
        "publish",
        "high",
        "publishes a version for everybody",
        "npm|pnpm|yarn|bun|lerna|changeset|cargo|poetry|uv|hatch|pdm|flit|nx|deno|jsr|wrangler",
        r"(?:.* )?(?:publish|npm publish|publish:prod|stage-publish)" + END,
        r"--dry-run|localhost|127\.0\.0\.1|verdaccio|-n\b.*publish|^run |^pack|^(?:add|install|i|remove"
        r"|uninstall|info|view|search|test|exec|why|ls|list|config|new|build|init)\b",
    ),
    (
        "publish",
        "high",
        "publishes a version for everybody",
        "npm|pnpm|yarn|bun",
        r"run (?:[\w:-]*:)?(?:publish|release)(?:[:-](?!dry|check|notes)\w+)*" + END,
    ),
    (
        "publish",
        "high",
        "publishes a version for everybody",
        "twine|semantic-release|release-it|np|vsce|ovsx|goreleaser|changeset-publish|ghr|maturin"
        "|cargo-release",
        r"(?:upload|publish|release\b(?!.*--snapshot)|-p|--patch|patch|minor|major|$)",
        r"--dry-run|-d\b|check\b|package\b|build\b|--snapshot|-r testpypi.*--skip",
    ),
    (
        "publish",
        "high",
        "publishes a version for everybody",
        "gem|rake|mix|dotnet|nuget|helm|cabal|stack|dart|flutter|pod|lein|luarocks|conda|composer",
        r"(?:push|release|hex\.publish|nuget push|upload|pub publish|pub lish|trunk push|deploy|publish"
        r"|lib push|spec push)" + END,
        r"localhost|--dry-run|-n\b",
    ),
    (
        "publish",
        "high",
        "publishes a version for everybody",
        "mvn|mvnw|gradle|gradlew|sbt|mill|bazel|ant",
        r"(?:.* )?(?:deploy(?::\w+)?|release:perform|publish\w*|uploadArchives|bintrayUpload"
        r"|\S+[:.]publish)" + END,
        r"publishToMavenLocal|publishLocal|publishM2|--dry-run|-m\b",
    ),
    (
        "publish",
        "high",
        "publishes a version for everybody",
        "python|python3|setup.py",
        r"(?:setup\.py )?(?:.* )?(?:upload|register)" + END,
        r"^-c|^-m|^(?!setup\.py)\S+\.py",
    ),
    (
        "publish",
        "high",
        "sends an image to a registry",
        "docker|podman|buildah|nerdctl|skopeo",
        r"(?:push|manifest push|image push|compose push|copy\b.* docker://|resolve|publish)\b|(?:buildx "
        r")?(?:build|bake)\b.*--push",
        r"localhost:|127\.0\.0\.1:|registry\.local|--push=false",
    ),
    (
        "publish",
        "high",
        "publishes a release or a page for everybody",
        "gh|glab|hub",
        r"release (?:create|upload|edit)\b|repo (?:create|fork)\b.*--public|repo edit\b.*--visibility"
        r"|gist (?:create|edit)\b|repo create\b.*--push",
    ),
    (
        "push",
        "medium",
        "merges or changes what others see",
        "gh|glab|hub",
        rf"(?:pr|mr) (?:merge|close|review|edit|ready)\b|issue (?:close|edit|transfer|lock)\b|repo "
        rf"(?:create|edit|fork|rename|sync|deploy-key add)\b|(?:secret|variable) set\b"
        rf"|workflow (?:run|enable|disable)\b|run rerun\b|(?:ssh-key|gpg-key) add\b|api {ANY}(?:-X"
        rf"|--method)[ =]?(?:POST|PUT|PATCH)|api {ANY}(?:--input)|pr merge",
    ),
    (
        "push",
        "medium",
        "changes what others see",
        "gh",
        rf"api {ANY}(?:-f|-F|--field|--raw-field)[ =]",
        r"graphql(?!.*mutation)|(?:-X|--method)[ =]?GET",
    ),
    (
        "deploy",
        "high",
        "publishes pages for everybody",
        "gh-pages|mkdocs|hugo|mike",
        r"(?:-d|--dist|gh-deploy|deploy)\b",
    ),
    (
        "push",
        "low",
        "opens or comments what others see",
        "gh|glab|hub",
        r"(?:pr|mr|issue) (?:create|comment|new|note)\b|pull-request\b|ci trigger",
    ),
    (
        "deploy",
        "high",
        "changes the infrastructure",
        "terraform|tofu|terragrunt|cdktf|pulumi|cdk|sam|serverless|sls|eb|cf|sst|copilot|packer|nomad"
        "|kapp|werf|skaffold|tk|argocd|flux|okteto",
        r"(?:apply|up|deploy|import|run-all apply|run|job run|sync|app (?:sync|set|create|delete)|push"
        r"|rollout|promote|release|bootstrap)" + END,
        rf"{LOCAL}|--check|local\b|plan|-refresh-only|invoke local|--dev\b|^run (?!.*-)",
    ),
    (
        "deploy",
        "high",
        "changes what runs in a cluster",
        "kubectl|oc",
        r"(?:apply|create|patch|edit|set|replace|scale|rollout (?:restart|undo|pause|resume)|annotate"
        r"|label|taint|cordon|uncordon|autoscale|expose|run|cp (?!\S+:)|new-app|adm)\b"
        r"(?!.*-o yaml)",
        rf"{LOCAL}|--dry-run|--local\b",
    ),
    (
        "deploy",
        "high",
        "changes what runs in a cluster",
        "helm|helmfile|kustomize|helm3",
        r"(?:upgrade|install|rollback|apply|sync|destroy)\b",
        rf"{LOCAL}|template|--dry-run",
    ),
    (
        "deploy",
        "high",
        "deploys it where others can reach it",
        "vercel|surge",
        r"$|\./?$|\S+/? \S+\.surge\.sh$",
    ),
    (
        "deploy",
        "high",
        "changes other machines",
        "cap|fab|mina|kamal|pyinfra|shipit",
        r"(?:.* )?deploy(?::\w+)?" + END,
        r"-l\b|:check\b|--dry-run|-n\b",
    ),
    (
        "deploy",
        "high",
        "changes other machines",
        "ansible-playbook|ansible|salt|salt-ssh|knife|chef-client|puppet|pyinfra"
        "|pssh|parallel-ssh|clush",
        r"(?!--version|--list)\S",
        r"--check\b|(?:^| )-C(?: |$)|--syntax-check|--list-|(?:-i|--inventory)[ =]localhost|(?:-c"
        r"|--connection)[ =]local|--noop|-m ping|test\.ping|^\S+ -m debug|molecule",
    ),
    (
        "deploy",
        "high",
        "deploys it where others can reach it",
        "vercel|netlify|fly|flyctl|heroku|railway|wrangler|firebase|surge|dokku|kamal|amplify"
        "|supabase|eas|expo|fastlane|convex"
        "|shopify|clasp",
        r"(?:.* )?(?:deploy|deploy:\w+|--prod|--production|launch|publish|pages deploy|release|scale"
        r"|config:set|container:(?:push|release)|env (?:add|rm)|secrets? (?:set|put)|promote|rollback"
        r"|redeploy|up|push"
        r"|submit|update|db push|functions deploy|ps:scale|run:detached|restart|addons:create|-d)"
        + END,
        r"^(?:dev|build|logs|status|whoami|login|list|ls|--version|help|pull|env pull|inspect|info|init"
        r"|link|start|serve|emulators|test|tail|types|check|auth|migration|gen|local|completion|config "
        r"get)\b|^d1 .*--local|--local\b|docker",
    ),
    (
        "deploy",
        "high",
        "deploys it where others can reach it",
        "npm|pnpm|yarn|bun|make|just|task|composer|rake|invoke|bundle|nx|turbo|mage|poe",
        r"(?:run |run-script |exec )?(?:[\w.-]*:)?(?:deploy|ship|publish|release-prod"
        r"|rollout)(?:[:_-](?!check|dry|test|plan|docs?-build)\w+)*" + END,
        r"dry|local|^(?:install|add|remove|info|view|why|ls)\b|^docs",
    ),
    (
        "cloud",
        "high",
        "changes resources in the cloud",
        "aws",
        r"(?!sts|configure|sso)[\w-]+ (?:create|put|update|modify|run|start|stop|reboot|invoke|publish"
        r"|send|attach|detach|register|associate|authorize|revoke|enable|disable|tag|untag|set|restore"
        r"|copy|import|upload|execute|deploy|add|batch-write|request|issue|issue-certificate|reset"
        r"|change|enable|promote|rotate|replace|allocate|release)(?:-[\w-]+)?\b|s3 (?:mv|website|mb)\b",
        r"localhost|127\.0\.0\.1|localstack|--dry-run|--generate-cli-skeleton|^logs start-query|^athena "
        r"start-query",
    ),
    (
        "cloud",
        "high",
        "sends files to the cloud",
        "aws",
        r"s3 (?:cp|sync|mv) (?!s3://)\S+ s3://",
        r"localhost|127\.0\.0\.1|localstack|--dryrun",
    ),
    (
        "cloud",
        "high",
        "sends files to the cloud",
        "gsutil|gcloud|rclone|s3cmd|az|b2|azcopy|s5cmd|restic|borg"
        "|huggingface-cli|hf|wandb|kaggle|dvc|ipfs"
        "|pastebinit|wormhole|croc",
        r"(?:storage )?(?:-m )?(?:cp|rsync|sync|mv) (?:-\S+ )*(?!gs://|s3://|\w+:)\S+ (?:gs://|s3://"
        r"|\w+:|\S+/)|(?:copy|sync|copyto|move) (?:-\S+ )*(?!\w+:)\S+ \w+:|put\b|storage (?:blob|file) "
        r"upload|upload\b|upload-large-folder|push\b|backup\b|send\b|datasets (?:create|version)|kernels "
        r"push|competitions submit|artifact put|repo create",
        r"^(?:list|ls|cat|get|download|config|version|login|whoami|info|status|check|init|snapshots"
        r"|receive|scan-cache|auth)\b|--dry-run|localhost",
    ),
    (
        "cloud",
        "high",
        "changes resources in the cloud",
        "gcloud|az|doctl|linode-cli|hcloud|oci|ibmcloud|scw|openstack|eksctl|stripe"
        "|twilio|sentry-cli|pscale|neonctl|turso|mongocli|confluent"
        "|databricks|bq|firebase"
        "|kafka-console-producer|kafka-topics|rabbitmqadmin"
        "|acli|jira"
        "|ibmcloud",
        r"(?:[\w:-]+ )*(?:create|update|set|add|deploy|start|stop|restart|reset|resize|ssh|submit|import"
        r"|patch|enable|disable|attach|detach|run|app deploy|functions deploy|run deploy|publish|put"
        r"|insert|load|mk|apply|write|edit|trigger|upload-dif|releases|set-iam-policy"
        r"|add-iam-policy-binding|set-env-vars|rotate|send|produce|post)\b",
        r"^(?:config|auth|account|login|version|help|info|init|components|emulators|completion"
        r"|extension)\b|--dry[-_]run|localhost|127\.0\.0\.1|^listen\b|kafka-topics.*--list|^run (?:list"
        r"|show)|--list|--describe|^ssh-key list|^kv get|^get|^read|^list|^show",
    ),
    (
        "send",
        "medium",
        "opens this machine to the outside",
        "ngrok|cloudflared|localtunnel|bore|tailscale|serveo|frpc|zrok|chisel|pinggy|tmate|ttyd",
        r"(?:http|tcp|start|tunnel|local|funnel|serve|share|--port|client|-p|-F|new-session|\d+|$)",
        r"^(?:status|version|ip|list|login|netcheck|ping)\b|localhost.*--bind-addr",
    ),
    (
        "send",
        "medium",
        "sends a mail",
        "mail|mailx|sendmail|mutt|neomutt|msmtp|swaks|git-send-email",
        r"(?!--version|-V|-bp)\S",
        r"^-e$|^-H",
    ),
    (
        "send",
        "high",
        "sends a mail with the changes",
        "git",
        r"(?:send-email|imap-send)\b",
        r"--dry-run",
    ),
    (
        "push",
        "high",
        "sends commits to another repository",
        "git",
        r"(?:svn dcommit|p4 submit|http-push|send-pack|lfs push)\b",
    ),
    (
        "push",
        "high",
        "sends commits to another repository",
        "hg|svn|jj|bzr|fossil|darcs|pijul|sl|gt",
        r"(?:push|commit|ci|git push|submit|ss|import)\b",
        r"^(?:commit|ci)\b(?<!svn)",
    ),
)
