//! The text of `:86:`: `/EREF/…/ORDP//NAME/…/REMI/…`, `?20…?32…`, or free text (bankfiles.md §4).

/// What a remark says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Remark {
    pub end_to_end_id: String,
    pub name: String,
    pub account: String,
    pub text: String,
    pub returned: bool,
}

const CODES: [&str; 14] = [
    "EREF", "KREF", "MREF", "BENM", "ORDP", "REMI", "NAME", "ACCT", "IBAN", "ID", "RTRN", "PREF", "BIC",
    "CSID",
];

impl Remark {
    pub fn of(text: &str) -> Self {
        let flat: String = text.split('\n').map(|line| line.trim_end_matches('\r')).collect();
        if flat.starts_with('/') {
            Self::of_codes(&flat)
        } else if let Some(at) = flat.find('?').filter(|at| *at <= 3) {
            Self::of_numbers(flat.get(at..).unwrap_or_default())
        } else {
            Self { text: text.replace('\n', " "), ..Self::default() }
        }
    }

    fn of_codes(flat: &str) -> Self {
        let mut remark = Self::default();
        let mut code = "";
        for part in flat.split('/') {
            if let Some(known) = CODES.iter().find(|known| **known == part) {
                code = known;
                remark.returned |= code == "RTRN";
            } else if !part.is_empty() {
                let field = match code {
                    "EREF" => &mut remark.end_to_end_id,
                    "NAME" | "BENM" | "ORDP" => &mut remark.name,
                    "ACCT" | "IBAN" | "ID" => &mut remark.account,
                    "REMI" | "" => &mut remark.text,
                    _ => continue,
                };
                if !field.is_empty() {
                    field.push('/');
                }
                field.push_str(part);
            }
        }
        remark
    }

    fn of_numbers(flat: &str) -> Self {
        let mut remark = Self::default();
        for part in flat.split('?').skip(1) {
            let Some((number, text)) = part.split_at_checked(2) else { continue };
            match number {
                "20" | "21" | "22" | "23" | "24" | "25" | "26" | "27" | "28" | "29" | "60" | "61" | "62"
                | "63" => {
                    remark.text.push_str(text);
                }
                "31" => remark.account.push_str(text),
                "32" | "33" => remark.name.push_str(text),
                _ => {}
            }
        }
        remark
    }
}
