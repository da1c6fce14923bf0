use super::*;

fn ids_and_attempts(posts: &[Notification]) -> Vec<usize> {
    posts.iter().map(|post| post.attempt).collect()
}

#[test]
fn ladder_runs_until_given_up() {
    let mut alipay = paid(100);
    let mut now_us = START_US;
    assert_eq!(ids_and_attempts(&alipay.due_notifications(now_us)), [1]);
    for (step, wait_us) in House::Alipay.notify_ladder_us().iter().enumerate() {
        assert_eq!(alipay.due_notifications(now_us + wait_us - 1), []);
        now_us += wait_us;
        assert_eq!(alipay.next_due_us().unwrap(), now_us);
        let posts = alipay.due_notifications(now_us);
        assert_eq!(ids_and_attempts(&posts), [step + 2]);
        assert_eq!(posts[0].fields.notify_time_us, now_us);
    }
    assert_eq!((alipay.pending_notifications(), alipay.given_up_notifications()), (0, 1));
    let minutes = (now_us - START_US) / MINUTE_US;
    assert_eq!(minutes, 24 * 60 + 24, "the ladder spans a day");
}

#[test]
fn acknowledged_notifications_stop() {
    let mut alipay = paid(100);
    let posts = alipay.due_notifications(START_US);
    alipay.acknowledge(&posts[0].notify_id);
    assert_eq!(alipay.due_notifications(START_US + DAY_US), []);
    assert_eq!((alipay.pending_notifications(), alipay.given_up_notifications()), (0, 0));
}

#[test]
fn flush_makes_waiting_notifications_due() {
    let mut alipay = paid(100);
    alipay.due_notifications(START_US);
    assert_eq!(alipay.due_notifications(START_US + 1), []);
    alipay.flush_notifications(START_US + 1);
    assert_eq!(ids_and_attempts(&alipay.due_notifications(START_US + 1)), [2]);
}

#[test]
fn refund_notification_names_refund_and_cumulated_amount() {
    let mut alipay = paid(100);
    alipay.execute(START_US, &refund(30, "R1"));
    alipay.execute(START_US + 1, &refund(70, "R2"));
    let posts = alipay.due_notifications(START_US + 1);
    let told: Vec<_> = posts
        .iter()
        .map(|post| (post.fields.trade_status, post.fields.refund_fee_fen, post.fields.out_biz_no.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (TradeStatus::TradeSuccess, None, None),
            (TradeStatus::TradeSuccess, Some(30), Some("R1")),
            (TradeStatus::TradeClosed, Some(100), Some("R2")),
        ]
    );
}

#[test]
fn endings_are_notified_only_where_agreed() {
    for (notify_endings, expected) in [(false, 0), (true, 1)] {
        let mut alipay = Seller::new(CoreConfig { notify_endings, ..CoreConfig::default() });
        alipay.execute(START_US, &CoreCall::Create(Order { timeout_us: Some(MINUTE_US), ..order(1) }));
        let posts = alipay.due_notifications(START_US + MINUTE_US);
        assert_eq!(posts.len(), expected);
        assert!(posts.iter().all(|post| post.fields.trade_status == TradeStatus::TradeClosed));
    }
}

#[test]
fn orders_without_address_are_not_notified() {
    let mut alipay = seller();
    alipay.execute(START_US, &CoreCall::Precreate(Order { notify_url: None, ..order(1) }));
    alipay.pay(START_US, TRADE).unwrap();
    assert_eq!(alipay.due_notifications(START_US + DAY_US), []);
}
