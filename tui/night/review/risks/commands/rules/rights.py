"""Commands that take rights, stay behind or use credentials, by subcommand and options alone."""

from __future__ import annotations

from tui.night.review.risks.commands.rules.rule import ANY, END, Row

PRIVILEGE: tuple[Row, ...] = (
    (
        "privilege",
        "high",
        "gives a user more rights",
        "usermod|passwd|gpasswd|adduser|useradd|visudo|chpasswd|groupadd|deluser|userdel"
        "|groupmod|chsh|addgroup",
        r"(?!--help|-S\b|-l\b|--status)(?:\S|$)",
        r"^-S\b|^view|^use\b",
    ),
    (
        "privilege",
        "high",
        "gives a program rights of root",
        "setcap|capsh|setfacl|chattr",
        r"(?!-r\b|--print|-b\b)\S",
    ),
    (
        "privilege",
        "high",
        "a container that can reach the whole machine",
        "docker|podman|nerdctl|docker-compose",
        rf"(?:container )?(?:run|create|compose run|exec) {ANY}(?:--privileged|(?:-v|--volume)[= ]?/(?:etc"
        rf"|root|home|var/run/docker\.sock|proc|sys|dev)?/?:|--pid[= ]host|--cap-add[= ]?(?:ALL|SYS_ADMIN"
        rf"|SYS_PTRACE)|--userns[= ]host"
        r"|--mount[= ]\S*(?:src|source)=/(?:,|etc|root)|--security-opt[= ](?:seccomp"
        r"|apparmor)[=:]unconfined|--device[= ]/dev/(?:sd|nvme|mem))",
    ),
    ("privilege", "high", "switches a guard of this machine off", "setenforce", r"0|[Pp]ermissive"),
    (
        "privilege",
        "high",
        "switches a guard of this machine off",
        "ufw|iptables|ip6tables|nft|firewall-cmd|aa-disable|spctl|csrutil"
        "|auditctl|pfctl|netsh|fail2ban-client|semanage",
        r"(?:disable|reset|allow|-F|-X|-P \w+ ACCEPT|flush|delete|add rule|--remove|--add-port|--zone"
        r"|--master-disable|-e 0|-D|-d\b|-R\b|stop|advfirewall set|insert|-A INPUT .*ACCEPT|-I INPUT "
        r".*ACCEPT|reset \w+|permissive -a)",
        r"^(?:status|list|-L|-S|--list|--state|show|print)\b|^-L|^-S|^(?:load|kickstart|bootstrap|start)\b",
    ),
    (
        "privilege",
        "medium",
        "changes a setting of the kernel",
        "sysctl|modprobe|insmod|rmmod|mount|umount|losetup|swapoff|kexec|nsenter|unshare",
        r"(?!-a$|-n\b|--all|-l$|-t \w+$)(?:.*=|-w|-p|/|\w)",
        r"^(?:-[an]\w* )?[\w.]+$|^-l|^$",
    ),
    (
        "privilege",
        "medium",
        "changes a service of this machine",
        "systemctl|service|rc-service|update-rc.d|chkconfig",
        r"(?!--user)(?:stop|disable|mask|edit|restart|set-default|isolate|kill|revert|link)\b|\S+ "
        r"(?:stop|restart)\b|\S+ disable",
        r"--user\b|^(?:list|print)",
    ),
    (
        "privilege",
        "low",
        "installs for the whole machine",
        "apt|apt-get|dnf|yum|apk|pacman|zypper|snap|emerge|rpm|dpkg",
        r"(?:.* )?(?:remove|purge|autoremove|erase|del|-R\w*|upgrade|dist-upgrade|full-upgrade|--purge"
        r"|-r)" + END,
        r"--installed|^list|^-l|-qa?\b|--no-upgrade.*install",
    ),
    (
        "privilege",
        "medium",
        "an agent that asks for nothing any more",
        "claude|codex|gemini|cursor-agent|aider|opencode|amp|goose|qwen|copilot",
        r"(?:.* )?(?:--dangerously[\w-]*|--permission-mode[ =]bypassPermissions|--yolo|--full-auto"
        r"|--dangerously-bypass-approvals-and-sandbox|--yes-always|--allow-all-tools|--approval-mode[ "
        r"=]yolo)",
    ),
    (
        "insecure",
        "low",
        "switches a check of certificates off",
        "curl|wget|http|https|xh|aria2c",
        r"(?:.* )?(?:-[a-zA-Z]*k[a-zA-Z]*|--insecure|--no-check-certificate|--verify[= ]no"
        r"|--check-certificate=false)" + END,
        r"localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]|//[\w-]+(?::\d+)?(?:[/ ]|$)|-k [\w.]+ "
        r"|host\.docker\.internal",
    ),
    (
        "insecure",
        "medium",
        "switches a check of certificates off",
        "npm|pnpm|yarn|git|pip|pip3|conda|composer|gem|poetry|uv",
        r"(?:.* )?(?:--trusted-host\b|--allow-insecure-host|strict-ssl[= ]false|http\.sslVerify[= "
        r"](?:false|0)|cafile=$|ssl_verify false|disable-tls true|--strict-ssl=false)",
    ),
    (
        "insecure",
        "low",
        "does not ask which machine answers",
        "ssh|scp|rsync|sftp",
        r"(?:.* )?\S*StrictHostKeyChecking[= \ue000]?no",
    ),
    (
        "privilege",
        "low",
        "changes the packages of the whole machine",
        "pip|pip3|npm",
        r"(?:.* )?(?:--break-system-packages|--unsafe-perm)",
    ),
    (
        "insecure",
        "low",
        "a browser without its sandbox",
        "chrome|chromium|google-chrome|chromium-browser|electron|puppeteer|msedge|brave",
        r"(?:.* )?--(?:no-sandbox|disable-web-security|disable-setuid-sandbox)",
    ),
)

PERSISTENCE: tuple[Row, ...] = (
    (
        "schedule",
        "high",
        "runs by itself from now on",
        "crontab",
        r"(?!-l$|-r|.*-l$|--help|-V)(?:\S|$)",
        r"(?:^| )-(?:l|r)(?: |$)",
    ),
    (
        "schedule",
        "high",
        "runs by itself later",
        "at|batch|schtasks|systemd-run",
        r"(?:now|\d|tomorrow|noon|midnight|teatime|-f|-t|-m|/create|.*--on-|.*--timer|$)",
        r"^-l|^/query|--scope|--pty|--wait",
    ),
    (
        "schedule",
        "high",
        "is started by the machine from now on",
        "systemctl",
        r"(?:.* )?(?:enable|link|preset|add-wants|reenable)\b",
        r"is-enabled",
    ),
    (
        "schedule",
        "high",
        "is started by the machine from now on",
        "loginctl|launchctl|update-rc.d|chkconfig|rc-update|pm2|supervisorctl|forever",
        r"(?:enable-linger|load|bootstrap|enable|submit|kickstart|\S+ (?:defaults|enable|on)|add|startup"
        r"|save|update|install)\b",
        r"^(?:start|stop|status|list|logs|install (?!.*service))\b",
    ),
    (
        "schedule",
        "medium",
        "goes on without anybody who watches it",
        "docker|podman|nerdctl",
        rf"(?:container )?run {ANY}--restart[= ](?:always|unless-stopped)",
    ),
    (
        "hooks",
        "medium",
        "git runs it from now on",
        "git",
        r"config (?:.* )?(?i:core\.(?:sshCommand|fsmonitor|editor|pager|askPass|gitProxy|attributesFile"
        r"|worktree)|sequence\.editor|diff\.(?:external|\S+\.(?:command|textconv))|filter\.\S+\.(?:clean"
        r"|smudge|process)"
        r"|merge\.\S+\.driver|gpg\.(?:\w+\.)?program|init\.templateDir|include\.path|includeIf\.\S+"
        r"|url\.\S+\.(?:pushI|i)nsteadOf|remote\.\S+\.(?:uploadpack|receivepack|proxy)|protocol\.\S+"
        r"|http\.proxy|uploadpack\.\S+|mergetool\.\S+|difftool\.\S+"
        r"|alias\.\S+(?= !))[ =]\S",
        r"--get\b|--unset|--list|lfs|(?i:core\.pager|core\.editor|sequence\.editor) (?:cat|less|true|:"
        r"|vim|nano|code)|http\.proxy \S*(?:localhost|127\.0\.0\.1)|core\.fsmonitor (?:true|false)"
        r"|get-urlmatch|merge\.\S+\.driver true",
    ),
    (
        "hooks",
        "low",
        "changes git for every repository of this user",
        "git",
        r"config (?:.* )?(?:--global|--system)(?= ).*",
        r"--get|--list|-l\b|--unset|safe\.directory|(?i:user\.(?:name|email)|init\.defaultBranch|advice\."
        r"|color\.|pull\.rebase|credential|core\.(?:sshCommand|hooksPath|fsmonitor)|http\.sslVerify|url\."
        r"|alias\.\S+ !|include)",
    ),
    (
        "agents",
        "high",
        "gives every later session of the agent a new tool",
        "claude|codex|gemini",
        r"(?:mcp (?:add|add-json|add-from-claude-desktop)|plugin (?:install|add|marketplace add)|config "
        r"(?:set|add)\b.*(?:-g|--global|permission|hook|allowedTools))",
    ),
    (
        "hooks",
        "medium",
        "runs in every shell from now on",
        "chsh|update-alternatives|ldconfig",
        r"(?:-s|/|--install|--set|\S+\.d)",
    ),
)

CREDENTIALS: tuple[Row, ...] = (
    (
        "credentials",
        "high",
        "reads a keychain",
        "security",
        r"(?:find-(?:generic|internet)-password|dump-keychain|export|unlock-keychain|find-(?:identity"
        r"|key))\b",
        r"-v -p codesigning",
    ),
    (
        "credentials",
        "high",
        "reads a secret from a store",
        "pass|gopass|op|bw|lpass|secret-tool|vault|doppler|infisical|chamber|keyring|sops|age"
        "|ansible-vault|keepassxc-cli|kwallet-query|aws-vault"
        "|git-crypt",
        r"(?:show|read|item get|document get|get|export|lookup|search|kv get|secrets(?: get| "
        r"download)?\b|-d\b|--decrypt|decrypt|view|edit|exec|run|unlock|-c\b|inject|login|token "
        r"(?:create|lookup)|print|unseal)(?: |$)|(?:[\w-]+/)+[\w-]+$",
        r"^(?:status|version|ls|list|--version|git|init|find)\b|^-c$",
    ),
    (
        "credentials",
        "high",
        "prints the token of an account",
        "gh|glab|hub|gcloud|az|doctl|heroku|npm|flyctl|fly|vercel|netlify|oc|databricks|supabase"
        "|wrangler|circleci|firebase|cf|ibmcloud|pulumi|argocd|cargo|hub|huggingface-cli|twine"
        "|linode-cli",
        r"(?:auth (?:token|status .*(?:-t|--show-token)|print-(?:access|identity|refresh)-token"
        r"|application-default print-access-token)|account get-access-token|auth:token|tokens? (?:create"
        r"|list|add)|token (?:create|get|revoke|list)|whoami (?:-t|--show-token)|login:ci|oauth-token"
        r"|config get \S*(?:token|_auth|password|secret)\S*|authorizations(?::create)?|account "
        r"generate-auth-token)\b",
    ),
    (
        "credentials",
        "high",
        "prints keys of an account",
        "aws",
        r"(?:configure (?:get|export-credentials|list --show)|configure get \S*(?:secret|key|token)|sts "
        r"(?:get-session-token|assume-role\S*|get-federation-token)|secretsmanager get-secret-value"
        r"|secretsmanager batch-get-secret-value|ssm get-parameters?\S*\b.*--with-decryption|iam "
        r"create-access-key|ecr get-login-password|ecr get-login|kms decrypt|codeartifact "
        r"get-authorization-token|sso get-role-credentials|rds generate-db-auth-token)\b",
        r"configure get (?:region|output|\S*\.region)|localhost|localstack",
    ),
    (
        "credentials",
        "high",
        "prints secrets of a cluster or a cloud",
        "kubectl|oc",
        r"get (?:.* )?secrets?(?:/\S+)? .*(?:-o|--output|--template|jsonpath)|config view .*--raw|get "
        r"(?:.* )?secrets?/\S+|create token\b|extract secret",
    ),
    (
        "credentials",
        "high",
        "prints secrets of a cluster or a cloud",
        "gcloud|az|heroku|vercel|fly|flyctl|netlify|eas|supabase|wrangler|convex|firebase|docker",
        r"(?:secrets versions access|keyvault secret (?:show|download)|keyvault key|config(?::get|$| -s| "
        r"--shell| -j| --json)|env pull|env:(?:get|list)|variables|env:pull|secrets list .*--show"
        r"|functions:config:get|iam service-accounts keys create|ad sp create|acr credential|storage "
        r"account keys|webapp config appsettings list|config:show|secret inspect)(?: |$)",
    ),
    (
        "credentials",
        "high",
        "prints private keys",
        "gpg|gpg2|ssh-keygen|openssl|keytool|age-keygen",
        r"(?:.* )?(?:--export-secret-(?:keys|subkeys)|-y (?:.* )?-f|rsa -in|pkey -in|ec -in|pkcs12 .*-in"
        r"|-exportcert .*-rfc|-importkeystore|ssh-add -L)\b",
        r"-pubout|-noout",
    ),
    (
        "credentials",
        "medium",
        "makes or loads a key",
        "ssh-add|ssh-agent|ssh-copy-id|ssh-keygen",
        r"(?!-l\b|-L\b|-R\b|-F\b|-lf\b|-D\b|-d\b|-k\b|-s\b|-B\b|-E\b|-V)(?:\S|$)",
        r"(?:-f|-f=)[ ]?(?:\.?/?(?:tests?|fixtures?|certs?|tmp)/|/tmp/)|^-[lRFyYc]|^-A$",
    ),
    (
        "credentials",
        "high",
        "asks git for a password",
        "git",
        r"credential(?:-\w+)? (?:fill|get)\b|config (?:.* )?--get\S* (?:.* )?http\S*extraheader",
    ),
    (
        "credentials",
        "high",
        "asks for a password of the machine",
        "git-credential-store|git-credential-cache|git-credential-osxkeychain|git-credential-manager"
        "|docker-credential-desktop|docker-credential-osxkeychain|docker-credential-secretservice"
        "|docker-credential-pass|docker-credential-ecr-login",
        r"(?:get|fill|list)",
    ),
    (
        "credentials",
        "medium",
        "keeps passwords of git in a file",
        "git",
        r"config (?:.* )?(?i:credential(?:\.\S+)?\.helper)[ =](?!cache|osxkeychain|manager|libsecret"
        r"|wincred|$)\S|credential approve|config (?:.* )?(?i:http\.\S*extraheader)[ =]\S|config (?:.* "
        r")?user\.signingkey",
        r"--get|--unset",
    ),
    (
        "credentials",
        "medium",
        "logs in with a token",
        "gh|glab|docker|podman|npm|pnpm|yarn|vault|az|gcloud|aws|heroku|vercel|netlify|fly|flyctl"
        "|firebase|cargo|gem|twine|poetry|helm|oc|wrangler|huggingface-cli|hf|wandb|databricks|doctl"
        "|pulumi|terraform|supabase|expo|eas|oras|skopeo|buildah|nerdctl|kubectl|op|bw"
        "|snyk|sentry-cli|claude|codex",
        r"(?:auth (?:login|setup-git|refresh|add|activate-service-account|application-default login)"
        r"|login|registry login|adduser|npm login|signin|configure set \S*(?:secret|key|token)\S*|config "
        r"set (?:\S+ )?\S*(?:_authToken|_auth|token|password|_password)\S*|config (?:pypi-token\.\S+"
        r"|http-basic\.\S+) \S|access-tokens? create|config set-credentials|setup-token|ecr "
        r"get-login-password)(?:[ =]|$)",
        r"^login --help|^whoami|localhost:\d+|login --check",
    ),
)
