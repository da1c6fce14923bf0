//! Where the payer is, told from the browser's own description of itself; it chooses methods, nothing else.

use tk_domain::product::Terminal;

/// The terminal that a `User-Agent` names; a counter or kiosk is named by the order system instead.
pub fn terminal(user_agent: &str) -> Terminal {
    let holds = |word: &str| user_agent.contains(word);
    if holds("MicroMessenger") {
        Terminal::WechatOa
    } else if holds("AlipayClient") {
        Terminal::AlipayApp
    } else if ["Mobile", "Android", "iPhone", "iPad", "HarmonyOS", "OpenHarmony"].into_iter().any(holds) {
        Terminal::MobileWeb
    } else {
        Terminal::Pc
    }
}

/// Whether the page is held in the hand that would have to scan its own code.
pub const fn in_hand(terminal: Terminal) -> bool {
    match terminal {
        Terminal::MobileWeb | Terminal::WechatOa | Terminal::AlipayApp => true,
        Terminal::Pc | Terminal::Counter | Terminal::Kiosk => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PC: &str =
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36";
    const PHONE: &str =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148";

    #[test]
    fn wallets_are_known_before_phones_and_phones_before_desktops() {
        let cases = [
            (PC.to_owned(), Terminal::Pc),
            (String::new(), Terminal::Pc),
            (PHONE.to_owned(), Terminal::MobileWeb),
            (format!("{PHONE} MicroMessenger/8.0.49"), Terminal::WechatOa),
            (format!("{PC} MicroMessenger/3.9 WindowsWechat"), Terminal::WechatOa),
            (format!("{PHONE} AlipayClient/10.6.0"), Terminal::AlipayApp),
            ("Mozilla/5.0 (Phone; OpenHarmony 5.0) ArkWeb/4.1".to_owned(), Terminal::MobileWeb),
        ];
        for (user_agent, expected) in cases {
            assert_eq!(terminal(&user_agent), expected, "{user_agent}");
        }
    }
}
