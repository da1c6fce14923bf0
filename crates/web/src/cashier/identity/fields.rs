//! What the payer types, and what can be wrong with it before anybody else is asked.

use crate::locale::{Locale, text};
use tk_app::identity::Claimed;

/// The weights of a resident's number (GB 11643), the first digit first.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Its last character by the remainder.
const LAST: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
/// A resident's number has this many characters.
const RESIDENT_LENGTH: usize = 18;

/// One line of the form.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name in the form.
    pub name: &'static str,
    /// What it is.
    pub label: String,
    /// What may be needed to fill it in.
    pub hint: String,
    /// What the payer typed before.
    pub value: String,
    /// What was wrong with it; empty where nothing was.
    pub error: String,
    /// What the browser may fill in by itself.
    pub autocomplete: &'static str,
    /// Which keys a phone shows.
    pub inputmode: &'static str,
    /// The longest text taken.
    pub max: usize,
    /// Whether it has to be there.
    pub required: bool,
}

/// What the payer typed and what was wrong with it, by field.
#[derive(Debug, Clone, Default)]
pub struct Told {
    values: Vec<(&'static str, String)>,
    wrong: Vec<(&'static str, &'static str)>,
}

impl Told {
    /// Only this is wrong.
    pub fn wrong(field: &'static str, key: &'static str) -> Self {
        Self { values: Vec::new(), wrong: vec![(field, key)] }
    }

    /// Says that something is wrong with a field.
    pub fn say(&mut self, field: &'static str, key: &'static str) {
        self.wrong.push((field, key));
    }

    /// Whether nothing is wrong.
    pub const fn is_right(&self) -> bool {
        self.wrong.is_empty()
    }

    /// What is wrong with a field; empty where nothing is.
    pub fn error(&self, locale: Locale, field: &str) -> String {
        let found = self.wrong.iter().find(|(name, _)| *name == field);
        found.map(|(_, key)| text(locale, key, &[])).unwrap_or_default()
    }

    fn value(&self, field: &str) -> String {
        let found = self.values.iter().find(|(name, _)| *name == field);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

/// The form's lines.
pub fn all(locale: Locale, told: &Told) -> Vec<Field> {
    let field = |name: &'static str, autocomplete, inputmode, max| Field {
        name,
        label: text(locale, &format!("identity-{}", name.replace('_', "-")), &[]),
        hint: text(locale, &format!("identity-{}-hint", name.replace('_', "-")), &[]),
        value: told.value(name),
        error: told.error(locale, name),
        autocomplete,
        inputmode,
        max,
        required: matches!(name, "name" | "id_number"),
    };
    vec![
        field("name", "name", "text", 64),
        field("id_number", "off", "text", 32),
        field("card", "cc-number", "numeric", 32),
        field("phone", "tel", "tel", 20),
    ]
}

/// What the payer says of himself, or what is wrong with it.
pub fn read(answer: impl Fn(&str) -> String) -> Result<Claimed, Told> {
    let plain =
        |name: &str| answer(name).chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
    let name = answer("name").trim().to_owned();
    let (number, card, phone) = (plain("id_number").to_uppercase(), plain("card"), plain("phone"));
    let mut told = Told {
        values: vec![
            ("name", name.clone()),
            ("id_number", number.clone()),
            ("card", card.clone()),
            ("phone", phone.clone()),
        ],
        wrong: Vec::new(),
    };
    let letters = name.chars().count();
    if !(1..=64).contains(&letters) || name.chars().any(char::is_control) {
        told.say("name", "identity-error-name");
    }
    if !is_document(&number) {
        told.say("id_number", "identity-error-id-number");
    }
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let card_fits = card.is_empty() || (digits(&card) && (12..=19).contains(&card.len()));
    if !card_fits {
        told.say("card", "identity-error-card");
    }
    let dialled = phone.strip_prefix('+').unwrap_or(&phone);
    let phone_fits = phone.is_empty() || (digits(dialled) && (5..=16).contains(&dialled.len()));
    if !phone_fits {
        told.say("phone", "identity-error-phone");
    }
    if answer("consent") != "yes" {
        told.say("consent", "identity-error-consent");
    }
    let some = |text: String| (!text.is_empty()).then_some(text);
    if told.is_right() {
        Ok(Claimed { name, id_number: number, card: some(card), phone: some(phone) })
    } else {
        Err(told)
    }
}

/// A resident's number with its check character, or another document's letters and digits.
fn is_document(number: &str) -> bool {
    let fits = (6..=32).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_alphanumeric());
    fits && (number.len() != RESIDENT_LENGTH || is_resident(number))
}

fn is_resident(number: &str) -> bool {
    let digits: Option<Vec<u32>> =
        number.chars().take(WEIGHTS.len()).map(|letter| letter.to_digit(10)).collect();
    let Some(digits) = digits else { return false };
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    let last = LAST.get(usize::try_from(sum % 11).unwrap_or_default());
    number.chars().last().as_ref() == last
}

#[cfg(test)]
mod tests {
    use super::{is_document, read};

    #[test]
    fn a_resident_s_number_has_its_check_character_and_other_documents_have_none() {
        for (number, right) in [
            ("11010519491231002X", true),
            ("110105194912310021", false),
            ("440524188001010014", true),
            ("E12345678", true),
            ("12345", false),
            ("1101051949123100AX", false),
            ("ABC DEF", false),
        ] {
            assert_eq!(is_document(number), right, "{number}");
        }
    }

    #[test]
    fn each_field_says_what_is_wrong_with_it() {
        let form = |changed: &'static str, to: &'static str| {
            read(move |name| {
                let usual = match name {
                    "name" => "张三",
                    "id_number" => "1101 0519 4912 3100 2x",
                    "phone" => "138 1234 5678",
                    "consent" => "yes",
                    _ => "",
                };
                (if name == changed { to } else { usual }).to_owned()
            })
        };
        let claimed = form("", "").unwrap();
        assert_eq!((claimed.id_number.as_str(), claimed.card), ("11010519491231002X", None));
        assert_eq!(claimed.phone.as_deref(), Some("13812345678"));
        for (field, value) in
            [("name", " "), ("id_number", "1"), ("card", "4111"), ("phone", "12a45"), ("consent", "")]
        {
            let told = form(field, value).unwrap_err();
            assert_eq!(told.wrong.len(), 1, "{field}");
            assert_eq!(told.wrong[0].0, field);
        }
    }
}
