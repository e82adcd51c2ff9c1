"""The one table of what a credential looks like.

More is hidden than is reported. Every pattern takes time in proportion to the text, whatever the text
is: no run of characters is read from more than one start, or only a bounded piece of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from tui.system.credentials import rules
from tui.system.credentials.rules import Spans
from tui.system.lazy_pattern import lazy


class CredentialPattern(NamedTuple):
    """One kind of credential.

    The review reports what `found` matches; only "named" and "url" have groups in it. What `found` or
    `wide` matches is hidden, or of `wide` its group `value`, as far as `rule` agrees. A text is searched
    only when, in lower case, it contains one of the `hints`.
    """

    kind: str
    name: str
    hints: tuple[str, ...]
    found: str = ""
    wide: str = ""
    rule: Callable[[re.Match[str]], Spans] = rules.whole

    @property
    def is_one_word(self) -> bool:
        """Whether what is hidden is always part of one long word without blanks, whatever stands around it."""
        return self.rule is rules.whole and self.kind not in ("hook", "private", "words")

    @property
    def hidden(self) -> str:
        """All that is hidden: what matches `wide`, and what the review would report."""
        found = "" if self.kind in ("url", "named") else self.found
        return "|".join(filter(None, (self.wide, found)))


_NAME: Final = (
    r"(?:api[_-]?key|access[_-]?key|auth[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key"
    r"|secret|token|passw(?:or)?d|passphrase|credentials?"
)
_B: Final = r"(?<![A-Za-z0-9])"
_Q: Final = r"(?:\\{0,3}[\"'])"
_LATER_KEYS: Final = (
    r"(?:access|auth|private|signing|encryption|client|subscription|account|shared|master|deploy|jwt|hmac|admin|storage"
    r"|secret|license|service|host|webhook|app|application|function|session|root|bot|consumer|ssh|aes|wallet)"
)
_STRONG: Final = (
    r"passw(?:or)?d|passphrase|passcode|(?<![a-z])pwd(?![a-z])|(?<=[a-z0-9][_-])pass(?![a-z])|secret|token|credentials?"
    rf"|api[ _-]?key|{_LATER_KEYS}(?:[ _-]?access)?[ _-]?key"
)
_WEAK: Final = (
    r"(?:(?<![a-z])(?:key|auth|pass|pw|session(?:[ _-]?id)?|sid|jwt|pat|psk|salt|seed|dsn|otp)(?![a-z])"
    r"|[_-]key|signature|cookie)(?![\w.-]{0,40}(?:passw|token|secret|key))"
)

# fmt: off
# A table: what a kind is called and what hints at it in the first line, what is found, what is hidden.
PATTERNS: Final = (
    CredentialPattern("hook", "an address that anybody may post to",
        ("hooks.", "hook/", "hook.", "webhook", "api.telegram", "hc-ping", "maker.ifttt", "pagerduty"),
        wide=r"(?i:https?://(?:[\w-]{1,60}\.){0,4}?(?:hooks\.slack(?:-gov)?\.com|webhook\.office\.com"
        r"|outlook\.office(?:365)?\.com/webhook|hooks\.zapier\.com/hooks|hook\.(?:eu|us)\d\.make\.com|hc-ping\.com"
        r"|maker\.ifttt\.com/trigger|api\.telegram\.org(?=/bot\d)|open\.(?:feishu|larksuite)\.(?:cn|com)/open-apis/bot"
        r"|events\.pagerduty\.com/integration|discord(?:app)?\.com(?=/api/(?:v[0-9]+/)?webhooks/))/)(?P<value>[^\s\"'<>]+)"),
    CredentialPattern("hook", "an address that anybody may post to", ("webhook", "dsn"),
        wide=r"(?i:(?:webhook|dsn)(?:[_-]?ur[li])?[\"']?\s{0,3}[:=]\s{0,3}[\"']?https?://[^\s/\"'<>]{1,200}/)"
        r"(?P<value>[^\s\"'<>]{8,})"),
    CredentialPattern("aws", "an AWS access key", ("akia", "asia", "abia", "acca", "aroa", "aida"),
        r"(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])",
        r"\b(?:AROA|AIDA)[A-Z0-9]{16}\b"),
    CredentialPattern("github", "a GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat"),
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})",
        rf"{_B}gh[pousr]_[A-Za-z0-9]{{16,}}|{_B}github_pat_[A-Za-z0-9_]{{16,}}"),
    CredentialPattern("gitlab", "a GitLab token", ("glpat", "glrt", "gldt", "glptt", "glcbt", "glsoat", "glffct",
        "glimt", "glagent", "gloas", "gr1348941"),
        r"\bgl(?:pat|rt|dt|ptt|cbt|soat|ffct|imt|agent|oas)-[A-Za-z0-9_.-]{20,}",
        rf"{_B}gl(?:pat|rt|dt|ptt|cbt|soat|ffct|imt|agent|oas)-[A-Za-z0-9_.-]{{16,}}|{_B}GR1348941[A-Za-z0-9_-]{{16,}}"),
    CredentialPattern("slack", "a Slack token", ("xox", "xapp-", "xwfp-", "hooks.slack", "services/t"),
        r"\bxox[abeoprs]-(?:\d+-)*[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{20,}"
        r"|hooks\.slack\.com/services/T\w+/B\w+/\w{16,}",
        r"\bxox[a-z][-.][A-Za-z0-9.-]{10,}|\bxwfp-[\w-]{20,}|(?<=/)(?i:services/T[a-z0-9]+/B[a-z0-9]+/[a-z0-9]+)"),
    CredentialPattern("google", "a Google key", ("aiza", "gocspx", "ya29", "1//0"),
        r"\bAIza[0-9A-Za-z_-]{35}\b|\bGOCSPX-[0-9A-Za-z_-]{28}|\bya29\.[0-9A-Za-z_-]{30,}",
        rf"{_B}AIza[A-Za-z0-9_-]{{30,}}|\bGOCSPX-[0-9A-Za-z_-]{{20,}}|{_B}1//0[A-Za-z0-9_-]{{30,}}"),
    CredentialPattern("stripe", "a Stripe live key", ("_live_", "_test_", "whsec"),
        r"\b[sr]k_live_[0-9A-Za-z]{16,}|\bwhsec_[0-9A-Za-z]{24,}",
        rf"{_B}(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{{10,}}|{_B}whsec_[0-9A-Za-z+/]{{16,}}=*"),
    CredentialPattern("anthropic", "an Anthropic key", ("sk-ant",), r"\bsk-ant-[a-z0-9]+-[A-Za-z0-9_-]{20,}"),
    CredentialPattern("openai", "an OpenAI key", ("sk-",),
        r"\bsk-(?!ant-)(?:(?:proj|svcacct|admin|None)-)?[A-Za-z0-9_]{20,}[A-Za-z0-9_-]*",
        rf"{_B}sk-(?=[a-z-]{{0,20}}[A-Z0-9]|[A-Za-z_]{{20}})[A-Za-z0-9_-]{{16,}}"),
    CredentialPattern("private", "a private key", ("private key",),
        r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
        # With its end, or as far as what follows may be its body.
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^-]{0,16000}(?:-(?!----)[^-]{0,2000}){0,40}"
        r"-----END [A-Z0-9 ]{0,40}-----|(?:\s|\\[nr]|[\"'+|⏎]|[A-Za-z0-9+/=]{16,}|[A-Z][A-Za-z-]{2,20}: [^\n\\]{0,100})*)"
        r"|-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY.{0,200}$"),
    CredentialPattern("jwt", "a signed web token (JWT)", ("eyj",),
        r"(?<![\w-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
        r"(?<![\w-])eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*){0,3}"),
    CredentialPattern("npm", "an npm token", ("npm_",),
        r"\bnpm_[A-Za-z0-9]{36}\b",
        rf"{_B}npm_[A-Za-z0-9]{{30,}}"),
    CredentialPattern("pypi", "a PyPI token", ("pypi-",),
        r"\bpypi-AgE[A-Za-z0-9_-]{50,}",
        rf"{_B}pypi-[A-Za-z0-9_-]{{20,}}"),
    CredentialPattern("huggingface", "a Hugging Face token", ("hf_", "api_org_"),
        r"\bhf_[A-Za-z0-9]{34}\b",
        rf"{_B}(?:hf|api_org)_[A-Za-z0-9]{{20,}}"),
    CredentialPattern("sendgrid", "a SendGrid key", ("sg.",),
        r"\bSG\.[\w-]{20,24}\.[\w-]{39,50}",
        r"\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,}"),
    CredentialPattern("discord", "a Discord webhook", ("webhooks/",),
        r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]{60,}",
        r"(?<=/)(?i:webhooks/[0-9]{5,}/[\w-]{10,})"),
    CredentialPattern("discord_bot", "a Discord bot token", (".",),
        r"(?<![\w.-])[MNO][A-Za-z\d_-]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])"),
    CredentialPattern("telegram", "a Telegram bot token", (":",),
        r"(?<!\d)\d{8,10}:AA[\w-]{33}(?!\w)",
        r"(?<!\d)[0-9]{8,10}:[A-Za-z0-9_-]{35}(?![\w-])"),
    CredentialPattern("digitalocean", "a DigitalOcean token", ("_v1_",),
        r"\bdo[oprt]_v1_[0-9a-f]{64}\b",
        rf"{_B}do[oprt]_v1_[A-Za-z0-9_-]{{20,}}"),
    CredentialPattern("azure", "an Azure storage key", ("accountkey=", "q~"), r"\bAccountKey=[A-Za-z0-9+/]{80,}=*",
        r"(?i:accountkey=)(?P<value>[A-Za-z0-9+/]{20,}=*)|(?<![\w~.-])[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}(?![\w~.-])"),
    CredentialPattern("ntfy", "an ntfy token", ("tk_",), wide=rf"{_B}tk_[A-Za-z0-9]{{20,}}"),
    CredentialPattern("vault", "a HashiCorp token", ("hvs.", "hvb.", "hvr.", "s.", "atlasv1"),
        rf"{_B}hv[sbr]\.[A-Za-z0-9_-]{{20,}}|{_B}[A-Za-z0-9]{{14}}\.atlasv1\.[A-Za-z0-9_=-]{{40,}}",
        r"(?<![\w./-])s\.(?=[A-Za-z]{0,20}[0-9])[A-Za-z0-9]{24}(?![\w.])"),
    CredentialPattern("twilio", "a Twilio or Mailgun key", ("sk", "key-", "-us", "-"),
        rf"{_B}SK[0-9a-f]{{32}}(?![0-9a-zA-Z])|{_B}key-[0-9a-f]{{32}}(?![0-9a-zA-Z])",
        rf"{_B}[0-9a-f]{{32}}-(?:us\d{{1,2}}|[0-9a-f]{{8}}-[0-9a-f]{{8}})(?![\w-])"),
    CredentialPattern("shopify", "a Shopify or Square token", ("shp", "sq0", "eaaa"),
        rf"{_B}shp(?:at|ca|pa|ss)_[0-9a-fA-F]{{32}}|{_B}sq0[a-z]{{3}}-[0-9A-Za-z_-]{{22,}}|{_B}EAAA[A-Za-z0-9_-]{{56,}}"),
    CredentialPattern("databricks", "a Databricks token", ("dapi", "dkea"),
        rf"{_B}(?:dapi|dkea)[0-9a-f]{{32}}(?:-\d)?(?![0-9a-zA-Z])"),
    CredentialPattern("atlassian", "an Atlassian token", ("att3", "atbb", "atctt", "atatt"),
        rf"{_B}AT(?:ATT|CTT)3[A-Za-z0-9_=-]{{20,}}|{_B}ATBB[A-Za-z0-9]{{24,}}"),
    CredentialPattern("linear", "a Linear or Notion token", ("lin_", "ntn_", "secret_"),
        rf"{_B}lin_(?:api|oauth)_[A-Za-z0-9]{{32,}}|{_B}ntn_[A-Za-z0-9]{{40,}}|{_B}secret_(?=[A-Za-z]*\d)[A-Za-z0-9]{{43}}(?!\w)"),
    CredentialPattern("doppler", "a Doppler token", ("dp.",),
        rf"{_B}dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{{2,35}}\.)?[A-Za-z0-9]{{40,44}}"),
    CredentialPattern("supabase", "a Supabase key", ("sbp_", "sb_secret", "sb_publish"),
        rf"{_B}sbp_[0-9a-f]{{40}}|{_B}sb_secret_[A-Za-z0-9_-]{{20,}}"),
    CredentialPattern("age", "an age key", ("age-secret-key-", "age-plugin-"), rf"(?i:{_B}AGE-SECRET-KEY-1[0-9A-Z]{{20,}})"),
    CredentialPattern("service", "a token of a service",
        ("nrak-", "glsa_", "glc_", "sntry", "pmak-", "pul-", "pscale_", "fo1_", "fm2_", "rnd_", "nfp_", "gsk_", "r8_", "pplx-",
         "xai-", "lsv2_", "pcsk_", "figd_", "rubygems_", "dckr_", "ccipat_", "squ_", "sqp_", "sqa_", "tskey-", "sgp_", "phx_",
         "cfpat-", "hrku-", "rdme_", "tfp_", "shippo_", "ops_eyj", "v1.0-", "y0_", "ico-", "pnu_", "npa_", "bkua_", "oy2",
         "cio", "eaacw", "eaa", "nvapi-", "akcp", "ltai", "rzp_", "tvly-", "jina_", "flyv1", "github-", "xkeysib-", "vercel_",
         "aikido", "fw_", "ek_", "wss_", "e2b_", "ctx7sk", "rpa_", "csk-", "sl.", "pat"),
        _B + r"(?:NRAK-[A-Z0-9]{27}|NR(?:JS|II)-[A-Za-z0-9_-]{20,}|glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_[A-Za-z0-9+/=]{32,}"
        r"|sntry[su]_[A-Za-z0-9+/=_]{32,}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}|pul-[0-9a-f]{40}|pscale_(?:tkn|pw|oauth)_[\w=.-]{32,}"
        r"|f[om][12]_[A-Za-z0-9+/=_-]{40,}|rnd_[A-Za-z0-9]{28,}|nfp_[A-Za-z0-9]{36,}|gsk_[A-Za-z0-9]{40,}|r8_[A-Za-z0-9]{37}"
        r"|pplx-[A-Za-z0-9]{40,}|xai-[A-Za-z0-9]{60,}|lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}|pcsk_[A-Za-z0-9_]{40,}"
        r"|figd_[A-Za-z0-9_-]{36,}|rubygems_[0-9a-f]{48}|dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}|CCIP(?:AT|RJ)_[A-Za-z0-9_]{30,}"
        r"|sq[upa]_[0-9a-f]{40}|tskey-[a-z]{2,10}-[A-Za-z0-9-]{20,}|sgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}|phx_[A-Za-z0-9]{40,}"
        r"|CFPAT-[\w-]{40,}|HRKU-[\w-]{30,}|rdme_[a-z0-9]{60,}|tfp_[\w-]{40,}|shippo_(?:live|test)_[0-9a-f]{40}|ops_eyJ[\w=-]{60,}"
        r"|v1\.0-[0-9a-f]{24}-[0-9a-f]{100,}|y0_[\w-]{50,}|ico-[A-Za-z0-9]{32}|pnu_[A-Za-z0-9]{36}|bkua_[0-9a-f]{40}|oy2[a-z0-9]{43}"
        r"|cio[A-Za-z0-9]{32}(?!\w)|EAA(?=[A-Za-z]{0,30}\d)[A-Za-z0-9]{80,}|nvapi-[\w-]{60,}|AKCp[A-Za-z0-9]{60,}|LTAI[A-Za-z0-9]{17,21}(?!\w)"
        r"|rzp_(?:live|test)_[A-Za-z0-9]{14,}|tvly-[A-Za-z0-9-]{28,}|jina_[0-9a-f]{32}\w{20,}|xkeysib-[0-9a-f]{64}-\w{16}"
        r"|vercel_blob_rw_\w{30,}|fw_[A-Za-z0-9]{22,}|e2b_[0-9a-f]{40}|rpa_[A-Z0-9]{40,}|csk-[a-z0-9]{40,}|sl\.[\w-]{100,}"
        r"|pat[A-Za-z0-9]{14}\.[0-9a-f]{64})"),
    CredentialPattern("url", "a password in an address", ("://", "%3a%2f%2f"),
        r"\b[a-z][a-z0-9+.-]{2,20}://[^\s/:@\"'<>]{1,60}:(?P<password>[^\s/@\"'<>]{6,120})@[\w.-]+",
        r"(?<![A-Za-z0-9+.-])(?i:[a-z][a-z0-9+.-]{0,20}://)(?P<user>[^\s/:@\"'<>]{0,200})(?::(?P<secret>[^\s/\"'<>]{1,300}))?"
        r"@(?=[\w.\[-])", rules.address),
    CredentialPattern("query", "a secret in an address",
        ("token=", "key=", "secret=", "sig=", "signature=", "passw", "pwd=", "auth=", "code=", "credential="),
        wide=r"(?i:[?&](?:[\w-]{0,20}token|[\w-]{0,20}key|[\w-]{0,20}secret|sig|signature|password|passwd|pwd|auth|code"
        r"|x-amz-(?:signature|credential|security-token))=)(?P<value>[^&\s\"'<>#]{4,})", rule=rules.given),
    CredentialPattern("authorization", "an authorization header", ("authorization",),
        wide=rf"(?i:(?<![A-Za-z])(?:proxy-?)?authorization{_Q}?\s{{0,3}}(?:[:=,]|=>)\s{{0,3}}(?:[fbr]?\\{{0,3}}[\"'`])?"
        r"(?:[a-z][\w-]{1,20}\s{1,3})?)(?P<value>[^\s\"'`,;]{4,})", rule=rules.given),
    CredentialPattern("header", "a secret in a header", ("x-", "-token", "api-key", "apikey", "api_key", "-key"),
        wide=rf"(?i:(?<![\w-])(?:x-[\w-]{{0,40}}?(?:key|token|secret|auth|signature)|(?:private|deploy|job|access|csrf)-token|api-?key"
        rf"|ocp-apim-subscription-key|dd-(?:api|application)-key){_Q}?\s{{0,3}}(?:[:=,]|=>)\s{{0,3}}{_Q}?)(?P<value>[^\s\"'`,;]{{4,}})",
        rule=rules.given),
    CredentialPattern("bearer", "a bearer token", ("bearer", "basic "),
        r"(?<=earer )[A-Za-z0-9_.+/]{24,}=*",
        r"(?i:bearer)\s{1,4}(?=\S{0,200}[0-9]|\S{20})(?P<value>[A-Za-z0-9._~+/=-]{8,})", rules.random),
    CredentialPattern("basic", "a password in a header", ("basic ",),
        wide=r"(?i:\bbasic\s{1,3})(?P<value>[A-Za-z0-9+/]{8,4000}={0,2})", rule=rules.base64_pair),
    CredentialPattern("cookie", "a cookie", ("cookie",),
        wide=rf"(?i:cookie{_Q}?\s{{0,3}}(?:[:=,]|=>)\s{{0,3}}{_Q}?|--cookie[ =][\"']?)(?P<value>[^\n\r\"'`]{{5,4000}})",
        rule=rules.cookies),
    CredentialPattern("cookie", "a cookie", (" -b ",),
        wide=r"(?:(?<=\s)-b\s?[\"'])(?P<value>[^\n\r\"']{5,4000})", rule=rules.cookies),
    CredentialPattern("option", "a secret of a command",
        ("pass", "token", "key", "secret", "-pat", "_pat", "pw", "auth", "cred", "bearer", "cookie"),
        wide=r"(?i:(?<![A-Za-z0-9-])--?(?:[a-z0-9]{1,20}[_-]){0,4}?(?:(?P<strong>password|passwd|passphrase|pass|token|api[_-]?key"
        r"|secret[_-]?(?:access[_-]?)?key|access[_-]?key|client[_-]?secret|secret|authtoken|pat|private[_-]?key|account-key|requirepass"
        r"|license-key|encryption-key|passin|passout|pw)|(?P<weak>auth|key|credentials?|creds|bearer|cookie))(?:[ \t]{1,4}|[ \t]?=[ \t]?))"
        r"(?:\\{0,3}(?P<quote>[\"']))?(?:pass:)?(?P<value>(?!-)[^\s\"'`|;&<>]{4,4000})", rule=rules.option),
    CredentialPattern("option", "a secret of a command", ("-u", "--user", "-a ", "--auth", "--proxy-u", "--basic", "--cred"),
        wide=r"(?<![\w-])(?:-u|--user|--proxy-user|-U|--auth|-a|--basic-auth|--creds?)(?:[ \t]{0,3}|=)[\"']?"
        r"(?P<user>[^\s:\"'/$<>|]{1,80})[:%](?P<value>[^\s\"'|<>]{2,200})", rule=rules.user_password),
    CredentialPattern("option", "a secret of a command", ("-p", "-a", "-w", "-k"),
        wide=r"(?<![\w-])-(?P<flag>[pPawk])(?P<gap>[ \t]{0,2})[\"']?(?P<value>(?!-)[^\s\"'|;&<>]{4,200})", rule=rules.short_option),
    CredentialPattern("option", "a secret of a command", ("stdin", "with-token"),
        wide=r"\becho\s+(?:-n\s+)?[\"']?(?P<value>[^\s\"'|$`]{6,300})[\"']?\s*\|[^\n|]{0,120}(?:--password-stdin|--with-token|chpasswd)",
        rule=rules.given),
    CredentialPattern("option", "a secret of a command", ("aws_", "authtoken", "auth ", "_token", "_key", "password ", "secret "),
        wide=r"(?i:\b(?:aws_secret_access_key|aws_session_token|_authtoken|ngrok authtoken|authtoken|(?:set|setx|set-secret|put|config set)"
        r"\s+(?:-\S+\s+){0,3}[\w./:-]{0,60}(?:token|key|password|secret)))[ \t]{1,4}[\"']?(?P<value>[^\s\"'=|;&<>-][^\s\"'|;&<>]{7,400})",
        rule=rules.random),
    CredentialPattern("option", "a secret of a command", ("<<<", "htpasswd"),
        wide=r"(?:--with-token|--password-stdin)\s{0,4}<<<\s{0,4}[\"']?(?P<value>[^\s\"'|;&<>]{6,400})", rule=rules.given),
    CredentialPattern("option", "a secret of a command", ("htpasswd", "auth", "cred", "login"),
        wide=r"(?:\bhtpasswd\s{1,4}-\w{0,4}b\w{0,4}\s{1,4}\S{1,200}\s{1,4}\S{1,80}\s{1,4}[\"']?|(?i:basic[_-]?auth)[\"']?\s{0,3}[:=]"
        r"\s{0,3}[\"']?[\w.@-]{1,60}:|(?i:auth|creds?|credentials|login)\s{0,3}=\s{0,3}\(\s{0,3}[\"'][^\"'\n]{1,60}[\"'],\s{0,3}[\"'])"
        r"(?P<value>[^\s\"'|;&<>]{4,400})", rule=rules.given),
    CredentialPattern("netrc", "a password of .netrc or .pgpass", ("password", "login"),
        wide=r"(?i:\b(?:login|machine)\s{1,20}\S{1,200}\s{1,20}(?:password|passwd)\s{1,20})(?P<value>\S{3,200})", rule=rules.given),
    CredentialPattern("netrc", "a password of .netrc or .pgpass", (":5432:", ":*:", ":54", ":65"),
        wide=r"(?m:(?<![\w.:/-])(?:[\w.-]{1,100}|\*):(?:\d{4,5}|\*):(?:[\w.-]{1,63}|\*):(?:[\w.-]{1,63}|\*):(?P<value>[^\s\"'`|<>*⏎]{4,100})(?=$|[\s\"'`|<>*]))",
        rule=rules.given),
    CredentialPattern("xml", "a secret in an element", ("</",),
        wide=r"(?i:<[\w:.-]{0,40}(?:passw(?:or)?d|secret|token|api-?_?key|passphrase)>)(?P<value>[^<>\s]{4,400})(?=</)", rule=rules.given),
    CredentialPattern("sql", "a password in a statement", ("identified", "password ", "requirepass", "masterauth", "masteruser"),
        wide=r"(?i:identified\s{1,4}(?:with\s{1,4}\S{1,40}\s{1,4})?by|(?<![\w.-])(?:password|passwd|secret|token)|requirepass|masterauth)\s{1,4}"
        r"(?:\\{0,3}[\"'])(?P<value>[^\"'\n]{4,200}?)(?=\\{0,3}[\"'])", rule=rules.given),
    CredentialPattern("sql", "a password in a statement", ("requirepass", "masterauth"),
        wide=r"(?i:\b(?:requirepass|masterauth)\s{1,4})(?P<value>[^\s\"']{4,200})", rule=rules.given),
    CredentialPattern("words", "the words of a wallet", ("mnemonic", "phrase"),
        wide=r"(?i:(?:mnemonic|(?:seed|recovery)[ _-]?phrase)[\"']?\s{0,3}[:=]\s{0,3}[\"']?)(?P<value>(?:[a-z]{3,8} ){11,23}[a-z]{3,8})"),
    CredentialPattern("dumped", "a secret in an environment",
        ("key", "token", "secret", "pass", "credential", "auth", "dsn", "webhook", "private", "pwd", "pat", "psk"),
        wide=r"(?<![A-Za-z0-9_$])(?P<name>[A-Z_][A-Z0-9_]{1,80})=(?:\"(?=[^\"\n]{0,400}\")|'(?=[^'\n]{0,400}'))?"
        r"(?=(?P<value>(?<=\")[^\"\n]{1,400}|(?<=')[^'\n]{1,400}|[^\s\"']{1,160}))", rule=rules.dumped),
    CredentialPattern("named", "a secret by its name",
        ("pass", "token", "key", "secret", "credential", "pwd", "auth", "pw", "session", "sid", "jwt", "pat", "psk", "salt",
         "seed", "dsn", "otp", "signature", "cookie"),
        rf"(?i:(?<![\w.\-])[\w.\-]{{0,60}}?{_NAME})[\w\-]{{0,60}})[\"']?\s{{0,20}}(?::=|=>|[:=])\s*"
        r"(?:(?i:[bru]{0,2})(?P<quote>[\"'`])(?P<quoted>[^\"'`\s]{8,200})(?P=quote)"
        r"|(?P<bare>[^\s\"'`]{12,200})$)",
        rf"(?i:(?P<strong>{_STRONG})|(?P<weak>{_WEAK}))(?P<suffix>[\w.-]{{0,40}}+)(?:{_Q}|`)?\]?(?::\s?[A-Za-z][\w.]{{0,20}}(?:\[str\])?(?=\s?=))?"
        r"(?P<sign>\s{0,20}+(?::=|=>|->|==|[:=])\s{0,20}+|\s{1,3}+(?:(?i:is|was)\s{1,3}+:?)?)"
        # Looked at, not taken: a value that is none may itself begin with the next name.
        r"(?=(?:(?i:[bruf@$]{0,2})(?:\\{0,3}(?:\"(?P<q1>[^\"\n\\]{1,2000})(?:\\{0,3}\")|'(?P<q2>[^'\n\\]{1,2000})(?:\\{0,3}')|`(?P<q3>[^`\n]{1,2000})`))"
        r"|(?:\\{0,3}[\"'`])?(?P<bare>[^\s\"'`;]{1,160})))", rules.named),
)
# fmt: on

AWS_ID: Final = lazy(r"(?:AKIA|ASIA)[A-Z0-9]{16}")
AWS_SECRET: Final = lazy(
    r"(?<![A-Za-z0-9/+])(?![0-9a-f]{40}(?![A-Za-z0-9/+]))[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])"
)
AWS_PAIR: Final = lazy(
    r"AKIA[A-Z0-9]{16}[\"'][\s\S]{0,200}?secret\w*[\"']?\s*[:=]\s*[\"'][A-Za-z0-9/+]{40}[\"']", re.I
)
