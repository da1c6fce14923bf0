//! The conformance kit: one list of behaviours, held against every adapter over HTTP through its simulator.
//!
//! A new channel writes a [`bench::Bench`] and adds a line to `benches!`; behaviours it has no capability for
//! do not apply to it and say so by the capability tables, not by switches here.

#[cfg(test)]
mod alipay;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod bills;
#[cfg(test)]
mod books;
#[cfg(test)]
mod callbacks;
#[cfg(test)]
mod cards;
#[cfg(test)]
mod discounts;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod merchant;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod refunds;
#[cfg(test)]
#[path = "../rows/mod.rs"]
mod rows;
#[cfg(test)]
mod splits;
#[cfg(test)]
mod statements;
#[cfg(test)]
mod trouble;
#[cfg(test)]
mod unionpay;
#[cfg(test)]
mod wechatpay;
#[cfg(test)]
mod wechatpay_shares;
#[cfg(test)]
mod wire;

macro_rules! benches {
    ($($bench:ident = $make:path;)*) => {$(
        mod $bench {
            use super::{bills, callbacks, cards, discounts, orders, refunds, splits, trouble};
            benches!(@each $make;
                orders::every_method_collects_the_amount_and_the_query_proves_it,
                orders::an_order_nobody_opened_is_known_as_declared,
                orders::an_opened_order_waits_for_its_payer,
                orders::an_unpaid_order_closes_and_a_paid_one_refuses,
                orders::a_cancel_undoes_a_payment_and_repeats_its_answer,
                orders::the_same_order_twice_collects_once,
                orders::after_the_channel_expiry_nobody_can_pay,
                orders::a_payment_after_a_lost_close_is_found,
                orders::a_clock_that_is_off_proves_nothing_wrong,
                refunds::a_full_refund_is_accepted_and_then_proven,
                refunds::partial_refunds_add_up_and_stop_at_the_amount,
                refunds::the_same_number_twice_refunds_once,
                refunds::the_same_number_with_another_amount_proves_nothing,
                refunds::an_unsent_refund_is_not_found,
                refunds::an_unpaid_order_refuses_a_refund_for_good,
                refunds::a_refund_accepted_but_unknown_to_a_later_query_is_not_failed,
                refunds::a_refund_after_the_window_is_refused_for_good,
                trouble::a_lost_or_spoilt_answer_to_a_payment_proves_nothing_and_the_query_does,
                trouble::a_lost_or_spoilt_answer_to_a_refund_proves_nothing_and_the_query_does,
                trouble::a_slow_answer_is_a_timeout_and_the_query_knows,
                trouble::an_answer_signed_by_somebody_else_is_unreadable,
                trouble::a_call_with_a_wrong_key_proves_nothing,
                trouble::a_lying_query_does_not_close,
                trouble::a_call_that_lands_after_a_question_is_found_by_the_next,
                callbacks::a_payment_is_called_back_with_everything_that_must_agree,
                callbacks::a_refund_is_called_back_as_far_as_it_is_proven,
                callbacks::a_forged_callback_is_refused,
                callbacks::a_wrong_amount_is_reported_as_it_is,
                callbacks::a_callback_says_the_same_twice_and_in_any_order,
                callbacks::a_callback_long_after_the_query_books_nothing_more_and_is_acknowledged,
                callbacks::a_success_called_back_after_the_end_is_booked_once_as_late_and_acknowledged,
                cards::an_opening_whose_word_was_missed_is_told_again_with_the_same_card,
                cards::an_opening_whose_word_never_came_is_asked_about_and_proven,
                cards::an_opening_that_the_payer_left_tells_of_no_card,
                cards::a_lost_answer_to_a_code_proves_nothing_and_the_phone_knows,
                cards::a_wrong_code_pays_nothing_and_the_query_proves_it,
                cards::an_ended_card_gets_no_more_codes,
                discounts::a_discount_granted_inside_the_channel_is_told_and_taken_back_in_proportion,
                discounts::an_order_without_a_discount_tells_of_none,
                splits::a_receiver_is_bound_and_an_unknown_one_refused,
                splits::a_receiver_that_is_unbound_gets_no_more_shares,
                splits::shares_are_accepted_and_each_is_proven_by_itself,
                splits::the_same_split_twice_pays_once,
                splits::a_lost_answer_to_a_split_proves_nothing_and_the_query_does,
                splits::more_than_the_contract_lets_go_is_refused_and_pays_nobody,
                splits::a_split_that_is_refused_again_and_again_is_shown_undivided,
                splits::a_refund_takes_shares_back,
                splits::a_lost_answer_to_a_return_proves_nothing_and_the_query_does,
                splits::what_a_receiver_does_not_give_back_is_proven_too,
                splits::a_share_that_comes_back_with_its_refund_is_proven_by_itself,
                splits::what_was_paid_face_to_face_gives_its_shares_back_as_the_channel_reckons,
                splits::who_has_no_money_or_has_not_agreed_gives_nothing_back_for_now,
                bills::every_bill_equals_the_truth,
                bills::a_day_without_business_has_no_bill,
            );
        }
    )*};
    (@each $make:path; $($group:ident::$behaviour:ident,)*) => {
        pub const BEHAVIOURS: &[&str] = &[$(concat!(stringify!($group), "::", stringify!($behaviour))),*];

        $(
        #[tokio::test]
        async fn $behaviour() {
            $group::$behaviour(&$make().await).await;
        }
    )*};
}

benches! {
    alipay_by_key = crate::alipay::by_key;
    alipay_by_certificate = crate::alipay::by_certificate;
    alipay_as_service_provider = crate::alipay::as_service_provider;
    wechatpay_by_certificate = crate::wechatpay::by_certificate;
    wechatpay_by_public_key = crate::wechatpay::by_public_key;
    wechatpay_as_service_provider = crate::wechatpay::as_service_provider;
    unionpay_by_certificate = crate::unionpay::by_certificate;
    unionpay_by_sha256_key = crate::unionpay::by_sha256_key;
    unionpay_by_sm3_key = crate::unionpay::by_sm3_key;
}

macro_rules! pullers {
    ($($road:ident by $group:path { $($behaviour:ident,)* })*) => {
        $(
        mod $road {
            use crate::statements::BankBench;
            use $group as group;

            pub const BEHAVIOURS: &[&str] = &[$(stringify!($behaviour)),*];

            $(
            #[tokio::test]
            async fn $behaviour() {
                group::$behaviour(&BankBench::start().await).await;
            }
            )*
        }
        )*
    };
}

pullers! {
    bank_by_https by crate::statements {
        every_format_tells_what_the_bank_booked,
        a_day_so_far_and_the_whole_day_tell_of_the_same_lines,
        a_whole_day_that_is_not_over_is_not_there_yet,
        duplicate_the_same_file_is_known_again,
        late_an_item_comes_with_the_day_on_which_it_is_shown,
        reordered_a_file_of_a_later_day_is_refused,
        garbage_and_wrong_sums_are_refused_as_a_whole,
        doubled_rows_that_come_to_nothing_are_refused_too,
        truncated_a_file_brings_nothing,
        forged_a_file_of_somebody_else_is_refused,
        forged_a_server_of_another_authority_is_not_believed,
        time_out_a_slow_or_absent_bank_proves_nothing,
        a_wrong_token_is_turned_away,
    }
    bank_by_folder by crate::statements::dropped {
        a_file_is_taken_once,
        truncated_a_file_that_is_being_written_is_not_seen,
        reordered_files_are_read_in_the_order_of_their_names,
        duplicate_a_file_dropped_again_is_known_again,
        forged_a_file_without_the_bank_s_signature_is_refused,
        garbage_and_wrong_sums_are_put_aside_with_their_reason,
    }
}
