//! What each finding means, and what to do.

use super::Lang;

/// A finding in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    pub says: &'static str,
    pub remedy: &'static str,
}

/// Code, then what it says and what to do, in Chinese and in English.
type Line = (&'static str, [&'static str; 2], [&'static str; 2]);

const LINES: &[Line] = &[
    (
        "settings_fine",
        ["设置与密钥可以读取并且互相匹配", ""],
        ["Settings and keys can be read and belong together", ""],
    ),
    (
        "settings_unreadable",
        ["设置文件无法读取", "设置必须是一个 JSON 对象，字段名与接口文档一致"],
        ["The settings cannot be read", "They must be one JSON object with the fields of the API"],
    ),
    (
        "secrets_unreadable",
        ["密钥文件无法读取", "必须是一个 JSON 对象，每个字段是一段 PEM 文本或密钥文本"],
        ["The credentials cannot be read", "They must be one JSON object whose fields are PEM or key texts"],
    ),
    ("field_missing", ["缺少一项", "补上括号中的字段"], ["A field is missing", "Add the field in brackets"]),
    (
        "field_invalid",
        ["一项的值不允许", "按括号中的说明修改"],
        ["A field has a value that is not allowed", "Change it as the brackets say"],
    ),
    (
        "key_unreadable",
        [
            "密钥无法读取",
            "应为 2048 位以上 RSA 的 PEM 文本（含 BEGIN/END 行），不是文件路径，也不是加密的密钥",
        ],
        [
            "A key cannot be read",
            "It must be PEM text of RSA with 2048 bits or more, with its BEGIN and END lines; neither a path nor encrypted",
        ],
    ),
    (
        "key_mismatch",
        ["证书与私钥不是一对", "从渠道后台下载与这把私钥对应的证书，或换成这张证书的私钥"],
        [
            "Certificate and private key are not a pair",
            "Download the certificate of this private key, or use the private key of this certificate",
        ],
    ),
    (
        "own_key",
        ["填渠道公钥的位置填了我们自己的公钥", "到渠道后台复制渠道的公钥或证书，不是应用公钥"],
        [
            "Our own public key stands where the channel's belongs",
            "Copy the channel's public key or certificate from its portal, not ours",
        ],
    ),
    (
        "certificate_expired",
        ["证书已过期或尚未生效", "在渠道后台换发新证书并更新这里；同时核对本机时间"],
        [
            "A certificate has expired or does not count yet",
            "Have a new one issued in the channel's portal and put it here; check this machine's time as well",
        ],
    ),
    (
        "certificate_untrusted",
        ["证书不是由所配置的根证书签发", "核对中间证书与根证书是否来自同一套环境（测试与生产不同）"],
        [
            "A certificate does not lead to the configured root",
            "Check that middle and root certificates are of one environment; test and production differ",
        ],
    ),
    (
        "certificate_unreadable",
        ["证书无法读取", "应为 PEM 文本（BEGIN CERTIFICATE）"],
        ["A certificate cannot be read", "It must be PEM text (BEGIN CERTIFICATE)"],
    ),
    ("certificate_lasts", ["证书剩余天数", ""], ["Days until the first certificate ends", ""]),
    (
        "certificate_ends_soon",
        ["证书即将到期，剩余天数", "现在就换发，到期后所有交易都会失败"],
        ["A certificate ends soon; days left", "Renew it now: once it ends every payment fails"],
    ),
    (
        "notify_url_fine",
        ["通知地址符合渠道要求", ""],
        ["The notification address has the form that channels take", ""],
    ),
    (
        "notify_url_refused",
        ["通知地址不符合渠道要求", "使用公网 https 地址，不带参数和 #，不超过 256 字节"],
        [
            "The notification address is not one that channels take",
            "Use a public https address without query or fragment, at most 256 bytes",
        ],
    ),
    ("reached", ["网关有应答", ""], ["The gateway answers", ""]),
    (
        "unreachable",
        ["无法连接网关", "核对地址、出口防火墙与 DNS；渠道可能要求登记出口 IP"],
        [
            "The gateway cannot be reached",
            "Check the address, the outgoing firewall and DNS; the channel may want our IP registered",
        ],
    ),
    (
        "timeout",
        ["网关没有在限定时间内应答", "核对网络与代理，稍后再试"],
        ["The gateway does not answer in time", "Check network and proxies, and try again later"],
    ),
    (
        "certificate_refused",
        ["网关的证书不可信", "核对地址与时间；使用自有 CA 的银行须在 ca_certificate 中填写其根证书"],
        [
            "The gateway's certificate is not believed",
            "Check the address and the time; a bank with its own authority needs that in ca_certificate",
        ],
    ),
    (
        "address_refused",
        ["网关地址不允许使用", "生产环境只能使用公网 https 域名，且不能是沙箱"],
        [
            "The gateway's address may not be called",
            "Where money is real only public https names that are no sandbox are called",
        ],
    ),
    (
        "clock_fine",
        ["本机与渠道的时间相差秒数", ""],
        ["Seconds between this machine's clock and the channel's", ""],
    ),
    (
        "clock_off_a_little",
        ["本机时间有偏差，秒", "开启 NTP 校时（timedatectl set-ntp true）"],
        ["This machine's clock is off, seconds", "Switch on NTP (timedatectl set-ntp true)"],
    ),
    (
        "clock_off",
        ["本机时间偏差过大，签名会被拒绝，秒", "立即校时（timedatectl set-ntp true），再重试"],
        [
            "This machine's clock is so far off that signatures are refused, seconds",
            "Set the clock (timedatectl set-ntp true) and try again",
        ],
    ),
    (
        "clock_untold",
        ["渠道没有告知时间，无法比对", "请自行确认本机已开启 NTP 校时"],
        ["The channel did not tell its time", "Make sure that NTP is on"],
    ),
    (
        "answered",
        ["签名请求得到应答，应答验签通过", ""],
        ["A signed question was answered and the answer verified", ""],
    ),
    (
        "our_key_refused",
        ["渠道不认我们的签名", "核对私钥是否就是在渠道后台登记的那把，是否属于这个商户号和应用"],
        [
            "The channel does not accept our signature",
            "Check that the private key is the one registered with the channel, for this merchant and application",
        ],
    ),
    (
        "merchant_unknown",
        ["渠道不认识这个商户或应用", "核对商户号、应用号以及二者的绑定"],
        [
            "The channel does not know this merchant or application",
            "Check both numbers and that they are bound to each other",
        ],
    ),
    (
        "root_refused",
        ["渠道不认所配置的根证书", "从渠道后台重新下载根证书"],
        [
            "The channel does not accept the root certificate",
            "Download the root certificate again from the portal",
        ],
    ),
    (
        "certificates_refused",
        ["平台证书下载到了但无法采信", "核对 APIv3 密钥是否为商户平台上设置的 32 位密钥"],
        [
            "The platform's certificates came and cannot be believed",
            "Check that the APIv3 key is the 32 characters set in the merchant portal",
        ],
    ),
    (
        "answer_unverified",
        [
            "应答的签名验证不通过",
            "渠道公钥或证书不对：重新从渠道后台复制；若一直如此，检查是否有代理改写应答",
        ],
        [
            "The answer's signature does not verify",
            "The channel's key or certificate is wrong: copy it again; if it stays so, look for a proxy that rewrites answers",
        ],
    ),
    (
        "shared_key_refused",
        [
            "双方的密钥或签名方式不一致",
            "核对 shared_key 是否就是商户服务平台上为这个商户号设置的密钥，signed_by 是否与开通的签名方式一致（sha256 为 11，sm3 为 12）",
        ],
        [
            "Key or way of signing differ between both sides",
            "Check that shared_key is the one set for this merchant number in the portal, and that signed_by is the way agreed there (sha256 is 11, sm3 is 12)",
        ],
    ),
    (
        "refused",
        ["渠道拒绝了请求", "按括号中的渠道代码查渠道文档"],
        ["The channel refused the request", "Look up the channel's code in brackets"],
    ),
    (
        "http_status",
        ["网关应答了异常的 HTTP 状态", "核对网关地址是否完整"],
        ["The gateway answered with an unexpected HTTP status", "Check that the address is whole"],
    ),
    (
        "not_sent",
        ["请求没有发出", "按括号中的说明修改"],
        ["The question was not sent", "Change what the brackets say"],
    ),
    (
        "channel_unknown",
        ["这个通道没有可测试的接口", "可测试的有 alipay、wechatpay、unionpay、bank_direct"],
        [
            "This channel has no interface to test",
            "alipay, wechatpay, unionpay and bank_direct can be tested",
        ],
    ),
    (
        "no_direct_link",
        ["这个银行账户没有配置银企直连", "在设置中加上 direct_link，否则只能手工导入对账单"],
        [
            "This bank account has no direct link",
            "Add direct_link to the settings; without it statements are imported by hand",
        ],
    ),
    (
        "folder_link",
        ["对账单由银行放入文件夹，没有可连接的网关", ""],
        ["The bank puts files into a folder; there is no gateway to reach", ""],
    ),
    (
        "token_refused",
        ["银行不认我们的令牌或账号", "核对令牌是否有效，以及账号是否已向银行开通直连"],
        [
            "The bank accepts neither our token nor perhaps the account",
            "Check that the token is valid and that the account is open for the direct link at the bank",
        ],
    ),
    (
        "other_account",
        ["银行给的是别的账户的对账单", "核对 account_no 与银行登记的账号"],
        ["The bank gave a statement of another account", "Check account_no against what the bank has"],
    ),
    (
        "statement_unreadable",
        ["对账单无法读取或合计不符", "核对 format；CSV 还要核对列映射"],
        [
            "The statement cannot be read, or its sums do not agree",
            "Check format, and for CSV the mapping of its columns",
        ],
    ),
];

/// The words of a finding.
pub fn words_of(lang: Lang, code: &str) -> Words {
    let found = LINES.iter().find(|(known, ..)| *known == code);
    match (found, lang) {
        (Some((_, [says, remedy], _)), Lang::Zh) | (Some((_, _, [says, remedy])), Lang::En) => {
            Words { says, remedy }
        }
        (None, _) => Words { says: "?", remedy: "" },
    }
}
