//! The fictional insurer group of the demo.

/// A company of the group.
#[derive(Debug, Clone, Copy)]
pub struct Company {
    pub code: &'static str,
    pub name: &'static str,
}

/// What it sells.
#[derive(Debug, Clone, Copy)]
pub struct Article {
    pub merchant: &'static str,
    pub code: &'static str,
    pub name: &'static str,
    pub amount_fen: i64,
    /// How often it is bought, against the others.
    pub weight: u64,
}

/// 海晏河清（演示）.
pub const GROUP: Company = Company { code: "hyhq", name: "海晏河清（演示）" };

/// Its two insurers, one merchant each.
pub const COMPANIES: [Company; 2] =
    [Company { code: "haiyan_pnc", name: "海晏财险" }, Company { code: "heqing_life", name: "河清人寿" }];

/// What they sell by Alipay.
pub const ARTICLES: [Article; 5] = [
    Article {
        merchant: "haiyan_pnc", code: "flight_delay", name: "航延险", amount_fen: 3_000, weight: 40
    },
    Article {
        merchant: "haiyan_pnc",
        code: "travel_accident",
        name: "交通意外",
        amount_fen: 990,
        weight: 30,
    },
    Article {
        merchant: "haiyan_pnc",
        code: "motor_commercial",
        name: "车险",
        amount_fen: 428_640,
        weight: 12,
    },
    Article {
        merchant: "heqing_life",
        code: "medical_million",
        name: "百万医疗",
        amount_fen: 36_800,
        weight: 16,
    },
    Article {
        merchant: "haiyan_pnc",
        code: "enterprise_property",
        name: "企财险",
        amount_fen: 8_600_000,
        weight: 2,
    },
];

/// What is sold only to people who are known: a name from the first sum on, a face from the second, fen.
pub const CHECKED: Article = Article {
    merchant: "heqing_life",
    code: "annuity_single",
    name: "年金趸交",
    amount_fen: 20_000_000,
    weight: 0,
};
pub const CHECKED_FROM_FEN: (i64, i64) = (5_000_000, 10_000_000);

/// The article that falls on a number, by weight.
pub fn article(number: u64) -> &'static Article {
    let total: u64 = ARTICLES.iter().map(|article| article.weight).sum();
    let mut left = number % total.max(1);
    for article in &ARTICLES {
        if left < article.weight {
            return article;
        }
        left -= article.weight;
    }
    &ARTICLES[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_article_is_bought_as_often_as_its_weight_says() {
        for wanted in &ARTICLES {
            let bought = (0..100).filter(|number| article(*number).code == wanted.code).count();
            assert_eq!(u64::try_from(bought).unwrap(), wanted.weight);
        }
    }
}
