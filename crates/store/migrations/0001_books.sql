-- One text for both engines: {tokens} and @lines are rendered by dialect.rs.
-- Every tenant table begins its primary key, unique keys and foreign keys with tenant_id.

CREATE TABLE platform_tenants (
  id {id} NOT NULL PRIMARY KEY,
  code {key} NOT NULL UNIQUE CHECK (length(code) BETWEEN 1 AND 32),
  name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  created_at_us {i64} NOT NULL
) {strict};

-- One row per commit: tells whether a commit whose answer was lost took place.
CREATE TABLE platform_batches (
  id {id} NOT NULL PRIMARY KEY,
  committed_at_us {i64} NOT NULL
) {clustered};
CREATE INDEX platform_batches_by_time ON platform_batches (committed_at_us);

-- A process claims its lanes by a session lock on the row's number; that only saves contention.
CREATE TABLE platform_writer_lanes (
  lane {i64} NOT NULL PRIMARY KEY CHECK (lane BETWEEN 0 AND 1023),
  claimed_at_us {i64} NOT NULL
) {strict};

CREATE TABLE platform_settings (
  name {key} NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) {strict};

@postgres CREATE TABLE platform_monthly (name TEXT PRIMARY KEY, fill_percent INT NOT NULL);
@postgres GRANT SELECT ON platform_migrations, platform_monthly TO tillkeeper_app;
@postgres GRANT SELECT, INSERT, UPDATE ON platform_tenants, platform_settings TO tillkeeper_app;
@postgres GRANT SELECT, INSERT, DELETE ON platform_batches TO tillkeeper_app;
@postgres GRANT SELECT, INSERT, UPDATE ON platform_writer_lanes TO tillkeeper_app;

-- Callers who named no tenant of ours and were turned away, counted by minute.
CREATE TABLE platform_refusals (
  id {id} NOT NULL PRIMARY KEY,
  code {key} NOT NULL,
  source {key} NOT NULL,
  subject TEXT,
  times {i64} NOT NULL CHECK (times > 0),
  first_at_us {i64} NOT NULL,
  last_at_us {i64} NOT NULL CHECK (last_at_us >= first_at_us)
) {clustered};
@postgres GRANT SELECT, INSERT, UPDATE, DELETE ON platform_refusals TO tillkeeper_app;

-- The same of callers who named a tenant.
CREATE TABLE security_records (
  tenant_id {id} NOT NULL REFERENCES platform_tenants (id),
  id {id} NOT NULL,
  code {key} NOT NULL,
  source {key} NOT NULL,
  subject TEXT,
  times {i64} NOT NULL CHECK (times > 0),
  first_at_us {i64} NOT NULL,
  last_at_us {i64} NOT NULL CHECK (last_at_us >= first_at_us),
  PRIMARY KEY (tenant_id, id)
) {clustered};
@pruned security_records

CREATE TABLE merchants (
  tenant_id {id} NOT NULL REFERENCES platform_tenants (id),
  id {id} NOT NULL,
  code {key} NOT NULL,
  name TEXT NOT NULL,
  fee_rate_ppm {i64} NOT NULL CHECK (fee_rate_ppm BETWEEN 0 AND 1000000),
  fee_fixed_minor {i64} NOT NULL CHECK (fee_fixed_minor >= 0),
  fee_min_minor {i64} CHECK (fee_min_minor >= 0),
  fee_max_minor {i64} CHECK (fee_max_minor >= 0),
  fee_returned {i64} NOT NULL CHECK (fee_returned IN (0, 1)),
  fee_bearer_id {id},
  legal_entity TEXT CHECK (length(legal_entity) BETWEEN 1 AND 64),
  phone TEXT CHECK (length(phone) BETWEEN 3 AND 32),
  enabled {i64} NOT NULL CHECK (enabled IN (0, 1)),
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, code)
) {strict};
@tenant merchants

-- A licence is whole or absent.
CREATE TABLE partners (
  tenant_id {id} NOT NULL REFERENCES platform_tenants (id),
  id {id} NOT NULL,
  code {key} NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('licensed', 'unlicensed')),
  licence_no TEXT,
  licence_scope TEXT,
  licence_until_day {i64},
  enabled {i64} NOT NULL CHECK (enabled IN (0, 1)),
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, code),
  CHECK ((kind = 'licensed') = (licence_no IS NOT NULL)),
  CHECK ((kind = 'licensed') = (licence_until_day IS NOT NULL)),
  CHECK (kind = 'licensed' OR licence_scope IS NULL)
) {strict};
@tenant partners

CREATE TABLE products (
  tenant_id {id} NOT NULL REFERENCES platform_tenants (id),
  id {id} NOT NULL,
  code {key} NOT NULL,
  name TEXT NOT NULL,
  partner_id {id},
  methods_allow TEXT,
  premium TEXT NOT NULL CHECK (premium IN ('single', 'regular')),
  instalment_methods_allow TEXT CHECK (premium = 'regular' OR instalment_methods_allow IS NULL),
  ext_schemas TEXT,
  amount_min_minor {i64} NOT NULL CHECK (amount_min_minor > 0),
  amount_max_minor {i64} NOT NULL,
  expires_after_s {i64} NOT NULL CHECK (expires_after_s > 0),
  extensions_max {i64} NOT NULL CHECK (extensions_max BETWEEN 0 AND 10),
  issue_on TEXT NOT NULL CHECK (issue_on IN ('channel_success', 'reconciled', 'settled')),
  stray_money TEXT NOT NULL CHECK (stray_money IN ('refund', 'hold')),
  issue_within_s {i64} CHECK (issue_within_s > 0),
  pay_within_s {i64} CHECK (pay_within_s > 0),
  identity_name_from_minor {i64} CHECK (identity_name_from_minor > 0),
  identity_face_from_minor {i64} CHECK (identity_face_from_minor >= identity_name_from_minor),
  enabled {i64} NOT NULL CHECK (enabled IN (0, 1)),
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, code),
  FOREIGN KEY (tenant_id, partner_id) REFERENCES partners (tenant_id, id),
  CHECK (amount_max_minor >= amount_min_minor)
) {strict};
@tenant products

CREATE TABLE channel_accounts (
  tenant_id {id} NOT NULL REFERENCES platform_tenants (id),
  id {id} NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN ('alipay', 'wechatpay', 'unionpay', 'bank_direct', 'counter')),
  name TEXT NOT NULL,
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  methods TEXT NOT NULL,
  merchants TEXT,
  products TEXT,
  partner_id {id},
  amount_min_minor {i64} NOT NULL CHECK (amount_min_minor >= 0),
  amount_max_minor {i64} NOT NULL,
  priority {i64} NOT NULL,
  payee_app TEXT NOT NULL,
  payee_merchant TEXT NOT NULL,
  collects TEXT NOT NULL CHECK (collects IN ('own', 'sub_merchant')),
  fee_rate {i64} NOT NULL CHECK (fee_rate BETWEEN 0 AND 1000000),
  fee_returned {i64} NOT NULL CHECK (fee_returned IN (0, 1)),
  refund_window_days {i64} NOT NULL CHECK (refund_window_days >= 0),
  split_rate_max_ppm {i64} NOT NULL CHECK (split_rate_max_ppm BETWEEN 0 AND 1000000),
  settings TEXT NOT NULL,
  credentials {bytes} NOT NULL,
  enabled {i64} NOT NULL CHECK (enabled IN (0, 1)),
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, partner_id) REFERENCES partners (tenant_id, id),
  CHECK (amount_max_minor >= amount_min_minor)
) {strict};
@tenant channel_accounts

CREATE TABLE webhook_endpoints (
  tenant_id {id} NOT NULL REFERENCES platform_tenants (id),
  id {id} NOT NULL,
  url TEXT NOT NULL,
  kinds TEXT,
  secret {bytes} NOT NULL,
  previous_secret {bytes},
  ack_body_success {i64} NOT NULL CHECK (ack_body_success IN (0, 1)),
  enabled {i64} NOT NULL CHECK (enabled IN (0, 1)),
  failing_since_us {i64},
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id)
) {strict};
@tenant webhook_endpoints

CREATE TABLE apps (
  tenant_id {id} NOT NULL REFERENCES platform_tenants (id),
  id {id} NOT NULL,
  name TEXT NOT NULL,
  merchant_id {id},
  partner_id {id},
  requires_signature {i64} NOT NULL CHECK (requires_signature IN (0, 1)),
  enabled {i64} NOT NULL CHECK (enabled IN (0, 1)),
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, merchant_id) REFERENCES merchants (tenant_id, id),
  FOREIGN KEY (tenant_id, partner_id) REFERENCES partners (tenant_id, id)
) {strict};
@tenant apps

CREATE TABLE api_keys (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  app_id {id} NOT NULL,
  prefix TEXT NOT NULL,
  secret_hash {bytes} NOT NULL CHECK (length(secret_hash) = 32),
  scopes TEXT NOT NULL,
  ip_allow TEXT,
  signature_algorithm TEXT,
  signature_key {bytes},
  rate_per_s {i64} NOT NULL CHECK (rate_per_s > 0),
  revoked_at_us {i64},
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, secret_hash),
  FOREIGN KEY (tenant_id, app_id) REFERENCES apps (tenant_id, id)
) {strict};
@tenant api_keys

-- Order numbers, refund numbers, channel numbers and codes: unique for ever, across all months.
CREATE TABLE natural_keys (
  tenant_id {id} NOT NULL,
  kind {key} NOT NULL,
  natural_key {key} NOT NULL CHECK (length(natural_key) BETWEEN 1 AND 300),
  id {id} NOT NULL,
  PRIMARY KEY (tenant_id, kind, natural_key)
) {clustered};
-- What is used once and forgotten, in the order of its time.
CREATE INDEX natural_keys_passing ON natural_keys (tenant_id, id) WHERE kind IN ('nonce', 'oauth_state');
@pruned natural_keys
-- Only what is used once is ever forgotten: no other key changes or goes.
@postgres REVOKE UPDATE ON natural_keys FROM tillkeeper_app;
@postgres CREATE POLICY only_nonces_go ON natural_keys AS RESTRICTIVE FOR DELETE USING (kind IN ('nonce', 'oauth_state'));
@sqlite CREATE TRIGGER natural_keys_no_update BEFORE UPDATE ON natural_keys BEGIN SELECT RAISE(ABORT, 'natural keys do not change'); END;
@sqlite CREATE TRIGGER natural_keys_no_delete BEFORE DELETE ON natural_keys WHEN OLD.kind NOT IN ('nonce', 'oauth_state') BEGIN SELECT RAISE(ABORT, 'natural keys stay for ever'); END;

CREATE TABLE idempotency_records (
  tenant_id {id} NOT NULL,
  app_id {id} NOT NULL,
  idempotency_key {key} NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 255),
  fingerprint {bytes} NOT NULL CHECK (length(fingerprint) = 32),
  request_id {id} NOT NULL,
  status {i64} NOT NULL CHECK (status BETWEEN 100 AND 599),
  body TEXT NOT NULL,
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, app_id, idempotency_key)
) {strict};
CREATE INDEX idempotency_records_by_time ON idempotency_records (tenant_id, created_at_us);
@pruned idempotency_records

CREATE TABLE payments (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  merchant_id {id} NOT NULL,
  product_id {id} NOT NULL,
  app_id {id},
  partner_id {id},
  payer_id {id},
  merchant_order_no TEXT NOT NULL,
  amount_minor {i64} NOT NULL CHECK (amount_minor > 0),
  payer_minor {i64} NOT NULL CHECK (payer_minor BETWEEN 1 AND amount_minor),
  discount_minor {i64} NOT NULL CHECK (discount_minor BETWEEN 0 AND payer_minor),
  parts TEXT,
  parts_back TEXT,
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  description TEXT NOT NULL,
  terminal TEXT,
  methods_allow TEXT,
  single_attempt {i64} NOT NULL CHECK (single_attempt IN (0, 1)),
  status TEXT NOT NULL CHECK (status IN ('requires_method', 'requires_action', 'awaiting_transfer',
    'identity_review', 'processing', 'succeeded', 'failed', 'closed')),
  refund_status TEXT NOT NULL CHECK (refund_status IN ('none', 'partial', 'full')),
  expires_at_us {i64} NOT NULL,
  extensions_left {i64} NOT NULL CHECK (extensions_left BETWEEN 0 AND 10),
  return_url TEXT,
  metadata TEXT,
  ext TEXT,
  policy_no TEXT,
  instalment_no {i64} CHECK (instalment_no BETWEEN 1 AND 1200),
  prepayment_id {id},
  fulfilment TEXT,
  items TEXT,
  items_back TEXT,
  bill TEXT,
  splits TEXT,
  insured TEXT CHECK (length(insured) BETWEEN 1 AND 80),
  payer TEXT,
  payer_sealed {bytes},
  fee_rate_ppm {i64} NOT NULL CHECK (fee_rate_ppm BETWEEN 0 AND 1000000),
  fee_fixed_minor {i64} NOT NULL CHECK (fee_fixed_minor >= 0),
  fee_min_minor {i64} CHECK (fee_min_minor >= 0),
  fee_max_minor {i64} CHECK (fee_max_minor >= 0),
  fee_returned {i64} NOT NULL CHECK (fee_returned IN (0, 1)),
  fee_bearer_id {id},
  fee_minor {i64} NOT NULL CHECK (fee_minor BETWEEN 0 AND amount_minor),
  fee_returned_minor {i64} NOT NULL CHECK (fee_returned_minor BETWEEN 0 AND fee_minor),
  open_attempt_id {id},
  latest_attempt_id {id},
  effective_attempt_id {id},
  attempts_count {i64} NOT NULL CHECK (attempts_count >= 0),
  unknown_since_us {i64},
  refunded_minor {i64} NOT NULL CHECK (refunded_minor >= 0),
  late_refunded_minor {i64} NOT NULL CHECK (late_refunded_minor >= 0),
  reversed_minor {i64} NOT NULL CHECK (reversed_minor >= 0),
  reversed_others_minor {i64} NOT NULL CHECK (reversed_others_minor >= 0 AND reversed_others_minor <= reversed_minor),
  beside_minor {i64} NOT NULL CHECK (beside_minor >= 0),
  splits_count {i64} NOT NULL CHECK (splits_count BETWEEN 0 AND 10),
  split_lines_count {i64} NOT NULL CHECK (split_lines_count BETWEEN 0 AND 50),
  refunding_minor {i64} NOT NULL CHECK (refunding_minor >= 0),
  close_requested_at_us {i64},
  succeeded_at_us {i64},
  ended_at_us {i64},
  accounting_day {i64},
  event_seq {i64} NOT NULL CHECK (event_seq >= 0),
  created_at_us {i64} NOT NULL,
  updated_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  CHECK ((payer IS NULL) = (payer_sealed IS NULL)),
  CHECK ((policy_no IS NULL) = (instalment_no IS NULL)),
  CHECK (refunded_minor + refunding_minor <= payer_minor - discount_minor),
  CHECK ((parts IS NULL) = (payer_minor = amount_minor)),
  CHECK (parts_back IS NULL OR parts IS NOT NULL),
  CHECK (items_back IS NULL OR items IS NOT NULL),
  CHECK ((status = 'succeeded') = (succeeded_at_us IS NOT NULL)),
  CHECK ((status = 'succeeded') = (effective_attempt_id IS NOT NULL)),
  CHECK ((status = 'succeeded') = (accounting_day IS NOT NULL)),
  CHECK ((status IN ('failed', 'closed')) = (ended_at_us IS NOT NULL))
) {by id};
-- Indexes for lists do not begin with the tenant: a plan made while the table is empty would tie with the primary key,
-- win, and then read all of a tenant for each row looked up by its identifier.
CREATE INDEX payments_by_merchant ON payments (merchant_id, id);
CREATE INDEX payments_by_prepayment ON payments (prepayment_id, id) WHERE prepayment_id IS NOT NULL;
CREATE INDEX payments_by_partner ON payments (partner_id, id) WHERE partner_id IS NOT NULL;
-- Its condition names what changes once, at the end, so that the updates before it touch no index.
CREATE INDEX payments_open ON payments (tenant_id, expires_at_us)
  WHERE succeeded_at_us IS NULL AND ended_at_us IS NULL;
@tenant payments
@monthly payments 45

-- Which payment collects which period of a policy of a regular premium.
CREATE TABLE instalments (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  merchant_id {id} NOT NULL,
  policy_no TEXT NOT NULL CHECK (length(policy_no) BETWEEN 1 AND 64),
  number {i64} NOT NULL CHECK (number BETWEEN 1 AND 1200),
  payment_id {id} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, merchant_id, policy_no, number)
) {strict};
@tenant instalments

-- What was paid in advance for one stay or case; its account holds what is left.
CREATE TABLE prepayments (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  merchant_id {id} NOT NULL,
  account_no TEXT NOT NULL CHECK (length(account_no) BETWEEN 1 AND 64),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  drawn_minor {i64} NOT NULL CHECK (drawn_minor >= 0),
  draws_count {i64} NOT NULL CHECK (draws_count >= 0),
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, merchant_id, account_no)
) {strict};
@tenant prepayments

CREATE TABLE prepayment_draws (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  prepayment_id {id} NOT NULL,
  draw_no TEXT NOT NULL CHECK (length(draw_no) BETWEEN 1 AND 64),
  amount_minor {i64} NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  status TEXT NOT NULL CHECK (status IN ('done', 'undone')),
  made_by TEXT NOT NULL,
  undone_by TEXT,
  reason TEXT,
  created_at_us {i64} NOT NULL,
  undone_at_us {i64},
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, prepayment_id, draw_no),
  CHECK ((status = 'undone') = (undone_at_us IS NOT NULL)),
  CHECK ((status = 'undone') = (undone_by IS NOT NULL AND reason IS NOT NULL))
) {strict};
CREATE INDEX prepayment_draws_by_prepayment ON prepayment_draws (tenant_id, prepayment_id, id);
@tenant prepayment_draws

CREATE TABLE attempts (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  payment_id {id} NOT NULL,
  channel TEXT NOT NULL,
  channel_account_id {id} NOT NULL,
  method TEXT NOT NULL,
  out_no TEXT NOT NULL CHECK (length(out_no) BETWEEN 1 AND 64),
  amount_minor {i64} NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  status TEXT NOT NULL CHECK (status IN ('created', 'requires_action', 'processing', 'unknown', 'succeeded',
    'failed', 'closed')),
  action_kind TEXT CHECK (action_kind IN ('qr', 'redirect', 'form', 'transfer', 'bridge')),
  action_value TEXT,
  channel_expires_at_us {i64} NOT NULL,
  channel_txn_no TEXT,
  scanned_at_us {i64},
  disposition TEXT CHECK (disposition IN ('effective', 'duplicate', 'late', 'mismatch')),
  received_minor {i64} NOT NULL CHECK (received_minor >= 0),
  discount_minor {i64} NOT NULL CHECK (discount_minor >= 0),
  discount_merchant_minor {i64} NOT NULL CHECK (discount_merchant_minor >= 0),
  discount_back_minor {i64} NOT NULL CHECK (discount_back_minor BETWEEN 0 AND discount_minor),
  discount_merchant_back_minor {i64} NOT NULL
    CHECK (discount_merchant_back_minor BETWEEN 0 AND discount_merchant_minor),
  discount_gone_minor {i64} NOT NULL CHECK (discount_gone_minor >= 0),
  undone_minor {i64} NOT NULL CHECK (undone_minor >= 0),
  credited_minor {i64} NOT NULL CHECK (credited_minor BETWEEN 0 AND received_minor),
  refunding_minor {i64} NOT NULL CHECK (refunding_minor >= 0),
  refunded_minor {i64} NOT NULL CHECK (refunded_minor >= 0),
  late_refunded_minor {i64} NOT NULL CHECK (late_refunded_minor >= 0),
  reversed_minor {i64} NOT NULL CHECK (reversed_minor >= 0),
  refunds_count {i64} NOT NULL CHECK (refunds_count >= 0),
  next_refund_at_us {i64} NOT NULL,
  channel_fee_minor {i64} NOT NULL CHECK (channel_fee_minor >= 0),
  channel_fee_returned_minor {i64} NOT NULL CHECK (channel_fee_returned_minor BETWEEN 0 AND channel_fee_minor),
  unknown_since_us {i64},
  queries_count {i64} NOT NULL CHECK (queries_count >= 0),
  close_requested_at_us {i64},
  failure_code TEXT,
  failure_message TEXT,
  needs_manual {i64} NOT NULL CHECK (needs_manual IN (0, 1)),
  routing TEXT NOT NULL,
  payer_masked TEXT,
  payer_sealed {bytes},
  payer_mark TEXT,
  paid_at_us {i64},
  created_at_us {i64} NOT NULL,
  updated_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  CHECK (refunding_minor + refunded_minor <= received_minor - discount_minor - discount_merchant_minor),
  CHECK ((status = 'unknown') = (unknown_since_us IS NOT NULL)),
  CHECK ((action_kind IS NULL) = (action_value IS NULL)),
  CHECK ((payer_masked IS NULL) = (payer_sealed IS NULL)),
  CHECK (payer_mark IS NULL OR payer_sealed IS NOT NULL),
  CHECK (received_minor = 0 OR disposition IS NOT NULL),
  CHECK (undone_minor = 0 OR (received_minor = 0 AND status IN ('failed', 'closed')))
) {by id};
CREATE INDEX attempts_by_payment ON attempts (payment_id, id);
@tenant attempts
@monthly attempts 45

CREATE TABLE refunds (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  payment_id {id} NOT NULL,
  attempt_id {id} NOT NULL,
  merchant_id {id} NOT NULL,
  channel_account_id {id} NOT NULL,
  merchant_refund_no TEXT,
  origin TEXT NOT NULL CHECK (origin IN ('api', 'system', 'void')),
  out_no TEXT NOT NULL CHECK (length(out_no) BETWEEN 1 AND 64),
  amount_minor {i64} NOT NULL CHECK (amount_minor > 0),
  order_minor {i64} NOT NULL CHECK (order_minor >= amount_minor),
  discount_minor {i64} NOT NULL CHECK (discount_minor >= 0),
  discount_merchant_minor {i64} NOT NULL CHECK (discount_merchant_minor >= 0),
  parts_minor {i64} NOT NULL CHECK (parts_minor >= 0),
  parts TEXT,
  items TEXT,
  payer_back_minor {i64},
  settled_back_minor {i64},
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  reason TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending_approval', 'approved', 'processing', 'succeeded', 'failed',
    'rejected', 'cancelled')),
  route TEXT NOT NULL CHECK (route IN ('original_online', 'original_offline', 'payout')),
  line TEXT NOT NULL CHECK (line IN ('collection', 'disbursement')),
  hold_id {id} NOT NULL,
  fee_refund_minor {i64} NOT NULL CHECK (fee_refund_minor >= 0),
  channel_fee_refund_minor {i64} NOT NULL CHECK (channel_fee_refund_minor >= 0),
  accepted_at_us {i64},
  unknown_since_us {i64},
  queries_count {i64} NOT NULL CHECK (queries_count >= 0),
  needs_manual {i64} NOT NULL CHECK (needs_manual IN (0, 1)),
  failure_code TEXT,
  failure_message TEXT,
  succeeded_at_us {i64},
  ended_at_us {i64},
  late_succeeded_at_us {i64},
  event_seq {i64} NOT NULL CHECK (event_seq >= 0),
  created_at_us {i64} NOT NULL,
  updated_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, attempt_id) REFERENCES attempts (tenant_id, id),
  CHECK ((status = 'succeeded') = (succeeded_at_us IS NOT NULL)),
  CHECK ((status IN ('failed', 'rejected', 'cancelled')) = (ended_at_us IS NOT NULL)),
  CHECK ((status = 'succeeded' OR late_succeeded_at_us IS NOT NULL) = (payer_back_minor IS NOT NULL)),
  CHECK ((payer_back_minor IS NULL) = (settled_back_minor IS NULL)),
  CHECK (payer_back_minor BETWEEN 0 AND settled_back_minor),
  CHECK (settled_back_minor <= order_minor),
  CHECK (late_succeeded_at_us IS NULL OR status IN ('failed', 'rejected', 'cancelled'))
) {by id};
CREATE INDEX refunds_by_payment ON refunds (payment_id, id);
CREATE INDEX refunds_by_merchant ON refunds (merchant_id, id);
@tenant refunds
@monthly refunds

CREATE TABLE holds (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  merchant_id {id} NOT NULL,
  refund_id {id} NOT NULL,
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  pending_settlement_minor {i64} NOT NULL CHECK (pending_settlement_minor >= 0),
  collected_for_others_minor {i64} NOT NULL CHECK (collected_for_others_minor >= 0),
  cash_minor {i64} NOT NULL CHECK (cash_minor >= 0),
  prepayment_id {id},
  prepaid_minor {i64} NOT NULL CHECK (prepaid_minor >= 0),
  duplicate_minor {i64} NOT NULL CHECK (duplicate_minor >= 0),
  late_success_minor {i64} NOT NULL CHECK (late_success_minor >= 0),
  suspense_minor {i64} NOT NULL CHECK (suspense_minor >= 0),
  status TEXT NOT NULL CHECK (status IN ('open', 'captured', 'released')),
  created_at_us {i64} NOT NULL,
  ended_at_us {i64},
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, refund_id),
  CHECK (pending_settlement_minor + collected_for_others_minor + cash_minor + prepaid_minor + duplicate_minor + late_success_minor
    + suspense_minor > 0),
  CHECK (prepaid_minor = 0 OR prepayment_id IS NOT NULL),
  CHECK ((status = 'open') = (ended_at_us IS NULL))
) {strict};
CREATE INDEX holds_open ON holds (tenant_id, merchant_id, id) WHERE status = 'open';
@tenant holds

CREATE TABLE instructions (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('pay', 'query', 'close', 'cancel', 'refund', 'refund_query',
    'refund_await', 'receiver_bind', 'receiver_unbind', 'split', 'split_query',
    'split_return', 'split_return_query')),
  payment_id {id} NOT NULL,
  channel_account_id {id} NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'done')),
  due_at_us {i64} NOT NULL,
  lease_until_us {i64} NOT NULL,
  tries {i64} NOT NULL CHECK (tries >= 0),
  payload TEXT,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id)
) {by id};
CREATE INDEX instructions_due ON instructions (tenant_id, due_at_us) WHERE status = 'open';
@tenant instructions
@monthly instructions

CREATE TABLE exceptions (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  kind TEXT NOT NULL,
  payment_id {id},
  attempt_id {id},
  refund_id {id},
  amount_minor {i64} NOT NULL CHECK (amount_minor >= 0),
  detail TEXT NOT NULL,
  resolution TEXT,
  status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
  opened_at_us {i64} NOT NULL,
  closed_at_us {i64},
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  CHECK ((status = 'closed') = (closed_at_us IS NOT NULL))
) {strict};
CREATE INDEX exceptions_by_time ON exceptions (tenant_id, opened_at_us, id);
CREATE INDEX exceptions_by_payment ON exceptions (tenant_id, payment_id);
@tenant exceptions

-- Whom a tenant wants to know. Elements and photos are sealed; a payer is found by a blind index, his identifier.
CREATE TABLE operating_profiles (
  tenant_id {id} NOT NULL REFERENCES platform_tenants (id),
  id {id} NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('own_funds', 'service_provider', 'licensed_institution')),
  licence_no TEXT CHECK (length(licence_no) BETWEEN 1 AND 64),
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  CHECK (id = tenant_id),
  CHECK ((kind = 'licensed_institution') = (licence_no IS NOT NULL))
) {strict};
@tenant operating_profiles

CREATE TABLE identity_policies (
  tenant_id {id} NOT NULL REFERENCES platform_tenants (id),
  id {id} NOT NULL,
  name_from_minor {i64} CHECK (name_from_minor > 0),
  face_from_minor {i64} CHECK (face_from_minor > 0),
  consent_version TEXT NOT NULL CHECK (length(consent_version) BETWEEN 1 AND 32),
  provider TEXT,
  credentials {bytes},
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  CHECK (id = tenant_id),
  CHECK ((provider IS NULL) = (credentials IS NULL)),
  CHECK (face_from_minor >= name_from_minor)
) {strict};
@tenant identity_policies

CREATE TABLE payment_identities (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  payer_id {id},
  level TEXT CHECK (level IN ('real_name', 'face')),
  counted_day {i64},
  check_id {id},
  checks_count {i64} NOT NULL CHECK (checks_count >= 0),
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  CHECK (level IS NULL OR payer_id IS NOT NULL),
  CHECK (level IS NULL OR check_id IS NOT NULL)
) {strict};
@tenant payment_identities

CREATE TABLE payer_sums (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  day {i64} NOT NULL,
  amount_minor {i64} NOT NULL CHECK (amount_minor >= 0),
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id)
) {strict};
@tenant payer_sums

-- Cards that payers opened at a channel; the token is sealed and no card number is here.
CREATE TABLE agreements (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  payment_id {id} NOT NULL,
  channel_account_id {id} NOT NULL,
  payer_id {id},
  status TEXT NOT NULL CHECK (status IN ('opening', 'active', 'ending', 'ended')),
  masked TEXT CHECK (length(masked) BETWEEN 1 AND 32),
  sealed {bytes},
  expires_at_us {i64} NOT NULL,
  ask_due_at_us {i64},
  asks_count {i64} NOT NULL CHECK (asks_count >= 0),
  code_payment_id {id},
  code_attempt_id {id},
  code_at_us {i64},
  codes_day {i64} NOT NULL,
  codes_count {i64} NOT NULL CHECK (codes_count >= 0),
  created_at_us {i64} NOT NULL,
  updated_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  CHECK ((status IN ('active', 'ending')) = (sealed IS NOT NULL)),
  CHECK (status = 'opening' OR masked IS NOT NULL),
  CHECK (status = 'opening' OR ask_due_at_us IS NULL),
  CHECK ((code_attempt_id IS NULL) = (code_payment_id IS NULL)),
  CHECK (code_attempt_id IS NULL OR (status = 'active' AND code_at_us IS NOT NULL))
) {strict};
CREATE INDEX agreements_by_payment ON agreements (payment_id, id);
CREATE INDEX agreements_to_ask ON agreements (tenant_id, ask_due_at_us) WHERE ask_due_at_us IS NOT NULL;
CREATE INDEX agreements_by_payer ON agreements (tenant_id, payer_id, id) WHERE payer_id IS NOT NULL;
@tenant agreements

CREATE TABLE identity_checks (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  payment_id {id} NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('real_name', 'face')),
  status TEXT NOT NULL CHECK (status IN ('created', 'processing', 'unknown', 'passed', 'failed', 'pending_approval',
    'rejected')),
  elements TEXT NOT NULL,
  payer_id {id} NOT NULL,
  masked TEXT NOT NULL,
  sealed {bytes} NOT NULL,
  consent_version TEXT NOT NULL,
  consented_at_us {i64} NOT NULL,
  photos_count {i64} NOT NULL CHECK (photos_count BETWEEN 0 AND 4),
  has_front {i64} NOT NULL CHECK (has_front IN (0, 1)),
  has_back {i64} NOT NULL CHECK (has_back IN (0, 1)),
  sent_at_us {i64},
  handed_over_at_us {i64},
  other_way_at_us {i64},
  due_at_us {i64} NOT NULL,
  queries_count {i64} NOT NULL CHECK (queries_count >= 0),
  failure_code TEXT,
  review_reason TEXT,
  made_by TEXT,
  decided_by TEXT,
  created_at_us {i64} NOT NULL,
  updated_at_us {i64} NOT NULL,
  ended_at_us {i64},
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  CHECK ((status IN ('passed', 'failed', 'rejected')) = (ended_at_us IS NOT NULL)),
  CHECK (status NOT IN ('processing', 'unknown') OR sent_at_us IS NOT NULL),
  CHECK (handed_over_at_us IS NULL OR (level = 'face' AND sent_at_us IS NOT NULL)),
  CHECK (other_way_at_us IS NULL OR (level = 'face' AND has_front = 1 AND has_back = 1)),
  CHECK (status NOT IN ('pending_approval', 'rejected') OR made_by IS NOT NULL),
  CHECK (decided_by IS NULL OR (made_by IS NOT NULL AND decided_by <> made_by))
) {strict};
CREATE INDEX identity_checks_by_payment ON identity_checks (payment_id, id);
CREATE INDEX identity_checks_due ON identity_checks (tenant_id, due_at_us) WHERE ended_at_us IS NULL;
@tenant identity_checks

CREATE TABLE identity_photos (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  check_id {id} NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('front', 'back')),
  kind TEXT NOT NULL CHECK (kind IN ('image/jpeg', 'image/png')),
  sealed {bytes} NOT NULL,
  size_bytes {i64} NOT NULL CHECK (size_bytes > 0),
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, check_id) REFERENCES identity_checks (tenant_id, id)
) {strict};
CREATE INDEX identity_photos_by_check ON identity_photos (check_id, id);
@tenant identity_photos

-- Lines of bank accounts; the identifier is derived from day and content, so that a line is one row whatever file tells
-- of it. The other side and the remark are sealed; blind indexes find them again.
CREATE TABLE bank_lines (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  channel_account_id {id} NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('statement', 'manual')),
  status TEXT NOT NULL CHECK (status IN ('pending_approval', 'booked', 'rejected', 'superseded')),
  flow TEXT NOT NULL CHECK (flow IN ('credit', 'debit')),
  nature TEXT NOT NULL CHECK (nature IN ('plain', 'reversal', 'returned')),
  amount_minor {i64} NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  matched_minor {i64} NOT NULL CHECK (matched_minor >= 0),
  return_minor {i64} NOT NULL CHECK (return_minor >= 0),
  return_status TEXT NOT NULL CHECK (return_status IN ('none', 'pending_approval', 'approved', 'sent')),
  linked_minor {i64} NOT NULL CHECK (linked_minor IN (0, amount_minor)),
  link TEXT CHECK (link IN ('slip', 'proof', 'reversal', 'return')),
  link_id {id},
  booked_day {i64} NOT NULL,
  booked_at_us {i64},
  bank_ref TEXT NOT NULL,
  codes TEXT NOT NULL,
  name_index TEXT,
  account_index TEXT,
  sealed {bytes} NOT NULL,
  entry_id {id},
  made_by TEXT NOT NULL CHECK (length(made_by) BETWEEN 1 AND 64),
  decided_by TEXT,
  event_seq {i64} NOT NULL CHECK (event_seq >= 0),
  created_at_us {i64} NOT NULL,
  updated_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  CHECK (matched_minor + return_minor + linked_minor <= amount_minor),
  CHECK ((link IS NULL) = (link_id IS NULL)),
  CHECK ((status = 'booked') = (entry_id IS NOT NULL)),
  CHECK ((return_status = 'none') = (return_minor = 0)),
  CHECK (status = 'booked' OR (matched_minor = 0 AND return_minor = 0)),
  CHECK (flow = 'credit' OR (matched_minor = 0 AND return_minor = 0))
) {strict};
CREATE INDEX bank_lines_open ON bank_lines (tenant_id, channel_account_id, id)
  WHERE status = 'booked' AND flow = 'credit' AND matched_minor + return_minor + linked_minor < amount_minor;
CREATE INDEX bank_lines_unexplained ON bank_lines (tenant_id, channel_account_id, id)
  WHERE status = 'booked' AND flow = 'debit' AND linked_minor = 0;
CREATE INDEX bank_lines_unproven ON bank_lines (tenant_id, channel_account_id, id)
  WHERE source = 'manual' AND link IS NULL AND status IN ('booked', 'pending_approval');
CREATE INDEX bank_lines_by_day ON bank_lines (tenant_id, channel_account_id, booked_day);
CREATE INDEX bank_lines_by_amount ON bank_lines (tenant_id, channel_account_id, amount_minor, booked_day);
@tenant bank_lines

CREATE TABLE transfer_orders (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  payment_id {id} NOT NULL,
  merchant_id {id} NOT NULL,
  channel_account_id {id} NOT NULL,
  code TEXT NOT NULL CHECK (length(code) = 8),
  amount_minor {i64} NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  received_minor {i64} NOT NULL CHECK (received_minor BETWEEN 0 AND amount_minor),
  name_index TEXT,
  account_index TEXT,
  status TEXT NOT NULL CHECK (status IN ('open', 'paid', 'ended')),
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  CHECK ((status = 'paid') = (received_minor = amount_minor))
) {strict};
CREATE INDEX transfer_orders_open ON transfer_orders (tenant_id, channel_account_id, id) WHERE status = 'open';
@tenant transfer_orders

CREATE TABLE transfer_matches (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  bank_line_id {id} NOT NULL,
  order_id {id} NOT NULL,
  payment_id {id} NOT NULL,
  amount_minor {i64} NOT NULL CHECK (amount_minor > 0),
  score {i64} NOT NULL CHECK (score BETWEEN 0 AND 100),
  reasons TEXT NOT NULL,
  entry_id {id} NOT NULL,
  returned_minor {i64} NOT NULL CHECK (returned_minor BETWEEN 0 AND amount_minor),
  status TEXT NOT NULL CHECK (status IN ('active', 'undone', 'reversed')),
  made_by TEXT NOT NULL CHECK (length(made_by) BETWEEN 1 AND 64),
  undone_by TEXT,
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  CHECK ((status = 'undone') = (undone_by IS NOT NULL))
) {strict};
CREATE INDEX transfer_matches_by_line ON transfer_matches (tenant_id, bank_line_id);
CREATE INDEX transfer_matches_by_order ON transfer_matches (tenant_id, order_id);
@tenant transfer_matches

-- Shifts of cashiers, what an open one has to itself, the days of counters, and the money that went over them.
CREATE TABLE shifts (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  channel_account_id {id} NOT NULL,
  cashier TEXT NOT NULL CHECK (length(cashier) BETWEEN 1 AND 64),
  business_day {i64} NOT NULL,
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  float_minor {i64} NOT NULL CHECK (float_minor >= 0),
  cash_in_minor {i64} NOT NULL CHECK (cash_in_minor >= 0),
  cash_out_minor {i64} NOT NULL CHECK (cash_out_minor >= 0),
  pos_in_minor {i64} NOT NULL CHECK (pos_in_minor >= 0),
  pos_out_minor {i64} NOT NULL CHECK (pos_out_minor >= 0),
  kiosk_in_minor {i64} NOT NULL CHECK (kiosk_in_minor >= 0),
  kiosk_out_minor {i64} NOT NULL CHECK (kiosk_out_minor >= 0),
  voids_pending {i64} NOT NULL CHECK (voids_pending >= 0),
  status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
  counted_minor {i64} CHECK (counted_minor >= 0),
  over_short_minor {i64} NOT NULL,
  received_by TEXT,
  event_seq {i64} NOT NULL CHECK (event_seq >= 0),
  opened_at_us {i64} NOT NULL,
  closed_at_us {i64},
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  CHECK (float_minor + cash_in_minor >= cash_out_minor),
  CHECK ((status = 'closed') = (counted_minor IS NOT NULL)),
  CHECK ((status = 'closed') = (received_by IS NOT NULL)),
  CHECK ((status = 'closed') = (closed_at_us IS NOT NULL)),
  CHECK (status = 'open' OR voids_pending = 0),
  CHECK (over_short_minor = COALESCE(counted_minor - float_minor - cash_in_minor + cash_out_minor, 0))
) {strict};
CREATE INDEX shifts_by_counter ON shifts (channel_account_id, id);
CREATE UNIQUE INDEX shifts_open_drawer ON shifts (tenant_id, channel_account_id) WHERE status = 'open';
CREATE UNIQUE INDEX shifts_open_cashier ON shifts (tenant_id, cashier) WHERE status = 'open';
@tenant shifts

CREATE TABLE seats (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  shift_id {id},
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id)
) {strict};
@tenant seats

CREATE TABLE counter_days (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  channel_account_id {id} NOT NULL,
  business_day {i64} NOT NULL,
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  shifts_count {i64} NOT NULL CHECK (shifts_count > 0),
  shifts_open {i64} NOT NULL CHECK (shifts_open BETWEEN 0 AND shifts_count),
  cash_in_minor {i64} NOT NULL CHECK (cash_in_minor >= 0),
  cash_out_minor {i64} NOT NULL CHECK (cash_out_minor >= 0),
  pos_in_minor {i64} NOT NULL CHECK (pos_in_minor >= 0),
  pos_out_minor {i64} NOT NULL CHECK (pos_out_minor >= 0),
  kiosk_in_minor {i64} NOT NULL CHECK (kiosk_in_minor >= 0),
  kiosk_out_minor {i64} NOT NULL CHECK (kiosk_out_minor >= 0),
  over_short_minor {i64} NOT NULL,
  to_bank_minor {i64} NOT NULL,
  deposited_minor {i64} NOT NULL CHECK (deposited_minor >= 0),
  status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
  closed_by TEXT,
  closed_at_us {i64},
  event_seq {i64} NOT NULL CHECK (event_seq >= 0),
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, channel_account_id, business_day),
  CHECK (status = 'open' OR shifts_open = 0),
  CHECK ((status = 'closed') = (closed_by IS NOT NULL)),
  CHECK ((status = 'closed') = (closed_at_us IS NOT NULL))
) {strict};
@tenant counter_days

CREATE TABLE counter_movements (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  flow TEXT NOT NULL CHECK (flow IN ('in', 'out')),
  shift_id {id} NOT NULL,
  channel_account_id {id} NOT NULL,
  payment_id {id} NOT NULL,
  attempt_id {id} NOT NULL,
  refund_id {id},
  method TEXT NOT NULL CHECK (method IN ('cash', 'pos', 'kiosk')),
  amount_minor {i64} NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  tendered_minor {i64} CHECK (tendered_minor >= amount_minor),
  slip_terminal TEXT,
  slip_no TEXT,
  void_status TEXT NOT NULL CHECK (void_status IN ('none', 'pending_approval', 'approved')),
  void_reason TEXT,
  void_by TEXT,
  void_refund_id {id},
  decided_by TEXT,
  made_by TEXT NOT NULL CHECK (length(made_by) BETWEEN 1 AND 64),
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, shift_id) REFERENCES shifts (tenant_id, id),
  CHECK ((flow = 'out') = (refund_id IS NOT NULL)),
  CHECK ((method = 'cash') = (slip_no IS NULL)),
  CHECK ((slip_terminal IS NULL) = (slip_no IS NULL)),
  CHECK (void_status = 'none' OR (flow = 'in' AND void_refund_id IS NOT NULL AND void_by IS NOT NULL))
) {strict};
CREATE INDEX counter_movements_by_shift ON counter_movements (shift_id, id);
CREATE INDEX counter_movements_by_payment ON counter_movements (payment_id, id);
@tenant counter_movements

CREATE TABLE cash_deposits (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  counter_day_id {id} NOT NULL,
  channel_account_id {id} NOT NULL,
  amount_minor {i64} NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  slip_no TEXT NOT NULL CHECK (length(slip_no) BETWEEN 1 AND 64),
  status TEXT NOT NULL CHECK (status IN ('in_transit', 'matched')),
  bank_line_id {id},
  made_by TEXT NOT NULL CHECK (length(made_by) BETWEEN 1 AND 64),
  matched_by TEXT,
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, counter_day_id) REFERENCES counter_days (tenant_id, id),
  CHECK ((status = 'matched') = (bank_line_id IS NOT NULL)),
  CHECK ((status = 'matched') = (matched_by IS NOT NULL))
) {strict};
CREATE INDEX cash_deposits_by_line ON cash_deposits (tenant_id, bank_line_id);
@tenant cash_deposits

CREATE TABLE cheques (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  payment_id {id} NOT NULL,
  merchant_id {id} NOT NULL,
  channel_account_id {id} NOT NULL,
  bank TEXT NOT NULL CHECK (length(bank) BETWEEN 1 AND 32),
  cheque_no TEXT NOT NULL CHECK (length(cheque_no) BETWEEN 6 AND 20),
  amount_minor {i64} NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  issued_day {i64} NOT NULL,
  presented_day {i64} CHECK (presented_day BETWEEN issued_day AND issued_day + 10),
  status TEXT NOT NULL CHECK (status IN ('received', 'presented', 'pending_approval', 'cleared', 'bounced',
    'withdrawn')),
  entry_id {id},
  clearing_asked_by TEXT CHECK (length(clearing_asked_by) BETWEEN 1 AND 64),
  bank_line_id {id},
  reason TEXT,
  made_by TEXT NOT NULL CHECK (length(made_by) BETWEEN 1 AND 64),
  changed_by TEXT,
  event_seq {i64} NOT NULL CHECK (event_seq >= 0),
  created_at_us {i64} NOT NULL,
  updated_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  CHECK ((status IN ('received', 'withdrawn')) = (presented_day IS NULL)),
  CHECK ((status IN ('received', 'withdrawn')) = (entry_id IS NULL)),
  CHECK ((status IN ('bounced', 'withdrawn')) = (reason IS NOT NULL)),
  CHECK (bank_line_id IS NULL OR status = 'cleared'),
  CHECK (clearing_asked_by IS NULL OR status IN ('pending_approval', 'cleared')),
  CHECK (clearing_asked_by IS NOT NULL OR status <> 'pending_approval'),
  CHECK (status <> 'cleared' OR bank_line_id IS NOT NULL OR clearing_asked_by IS NOT NULL)
) {strict};
-- The same paper may come again after it was given back or had bounced.
CREATE UNIQUE INDEX cheques_by_paper ON cheques (tenant_id, bank, cheque_no) WHERE status NOT IN ('bounced', 'withdrawn');
CREATE UNIQUE INDEX cheques_by_line ON cheques (tenant_id, bank_line_id);
CREATE INDEX cheques_by_payment ON cheques (payment_id, id);
@tenant cheques

CREATE TABLE fulfilments (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  merchant_id {id} NOT NULL,
  product_id {id} NOT NULL,
  issue_on TEXT NOT NULL CHECK (issue_on IN ('channel_success', 'reconciled', 'settled')),
  rests_on TEXT CHECK (rests_on IN ('channel_success', 'reconciled', 'settled')),
  status TEXT NOT NULL CHECK (status IN ('awaiting', 'announced', 'issued', 'cancelled', 'surrendered')),
  policy_no TEXT,
  items TEXT,
  paid_at_us {i64},
  stopped_at_us {i64},
  issued_at_us {i64},
  due_at_us {i64},
  created_at_us {i64} NOT NULL,
  updated_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  CHECK (status <> 'awaiting' OR rests_on IS NULL),
  CHECK (status <> 'announced' OR rests_on IS NOT NULL),
  CHECK (rests_on IS NULL OR paid_at_us IS NOT NULL),
  CHECK ((status IN ('issued', 'surrendered')) = (issued_at_us IS NOT NULL))
) {strict};
CREATE INDEX fulfilments_due ON fulfilments (tenant_id, due_at_us) WHERE due_at_us IS NOT NULL;
@tenant fulfilments

-- Money on its way back to the sender of a bank line, for a refund or out of suspense.
CREATE TABLE transfer_returns (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  bank_line_id {id} NOT NULL,
  refund_id {id},
  match_id {id},
  channel_account_id {id} NOT NULL,
  amount_minor {i64} NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  reason TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending_approval', 'approved', 'sent', 'rejected')),
  made_by TEXT NOT NULL CHECK (length(made_by) BETWEEN 1 AND 64),
  decided_by TEXT,
  sent_line_id {id},
  created_at_us {i64} NOT NULL,
  updated_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, sent_line_id),
  CHECK ((refund_id IS NULL) = (match_id IS NULL)),
  CHECK ((status = 'pending_approval') = (decided_by IS NULL)),
  CHECK ((status = 'sent') = (sent_line_id IS NOT NULL))
) {strict};
CREATE INDEX transfer_returns_by_account ON transfer_returns (tenant_id, channel_account_id, status, id);
CREATE INDEX transfer_returns_by_line ON transfer_returns (tenant_id, bank_line_id, id);
@tenant transfer_returns

-- Statements taken whole: by their balances the next one is known to follow on.
CREATE TABLE bank_statements (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  channel_account_id {id} NOT NULL,
  first_day {i64} NOT NULL,
  last_day {i64} NOT NULL,
  opening_minor {i64},
  closing_minor {i64},
  lines_count {i64} NOT NULL CHECK (lines_count > 0),
  equal_lines TEXT NOT NULL,
  made_by TEXT NOT NULL CHECK (length(made_by) BETWEEN 1 AND 64),
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  CHECK (last_day >= first_day)
) {strict};
CREATE INDEX bank_statements_by_day ON bank_statements (tenant_id, channel_account_id, last_day);
@tenant bank_statements

-- A party that a channel pays shares to, bound to a contract by the channel's own call.
CREATE TABLE split_receivers (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  channel_account_id {id} NOT NULL,
  channel TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('user_id', 'login_name', 'merchant_no', 'open_id')),
  account TEXT NOT NULL CHECK (length(account) BETWEEN 1 AND 64),
  name_sealed {bytes},
  relation TEXT,
  custom_relation TEXT CHECK (length(custom_relation) BETWEEN 1 AND 10),
  status TEXT NOT NULL CHECK (status IN ('pending', 'bound', 'refused', 'unbinding', 'unbound')),
  unknown_since_us {i64},
  tries {i64} NOT NULL CHECK (tries >= 0),
  failure_code TEXT,
  failure_message TEXT,
  created_at_us {i64} NOT NULL,
  updated_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, channel_account_id, kind, account),
  CHECK (status <> 'refused' OR failure_code IS NOT NULL)
) {strict};
@tenant split_receivers

-- One division of one payment's money; what it divides lies in its lines.
CREATE TABLE splits (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  payment_id {id} NOT NULL,
  attempt_id {id} NOT NULL,
  merchant_id {id} NOT NULL,
  channel_account_id {id} NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('books', 'channel')),
  merchant_split_no TEXT,
  out_no TEXT NOT NULL CHECK (length(out_no) BETWEEN 1 AND 64),
  amount_minor {i64} NOT NULL CHECK (amount_minor >= 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  legal_entity TEXT,
  first_line {i64} NOT NULL CHECK (first_line >= 0),
  lines_count {i64} NOT NULL CHECK (lines_count >= 0),
  last {i64} NOT NULL CHECK (last IN (0, 1)),
  status TEXT NOT NULL CHECK (status IN ('pending', 'processing', 'succeeded', 'failed')),
  accepted_at_us {i64},
  unknown_since_us {i64},
  queries_count {i64} NOT NULL CHECK (queries_count >= 0),
  needs_manual {i64} NOT NULL CHECK (needs_manual IN (0, 1)),
  failure_code TEXT,
  failure_message TEXT,
  abandonment TEXT,
  ended_at_us {i64},
  event_seq {i64} NOT NULL CHECK (event_seq >= 0),
  created_at_us {i64} NOT NULL,
  updated_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, out_no),
  CHECK ((mode = 'books') = (legal_entity IS NOT NULL)),
  CHECK ((lines_count = 0) = (amount_minor = 0)),
  CHECK (lines_count > 0 OR (mode = 'channel' AND last = 1)),
  CHECK (mode = 'channel' OR status = 'succeeded'),
  CHECK (abandonment IS NULL OR (mode = 'channel' AND lines_count > 0)),
  CHECK ((status IN ('succeeded', 'failed')) = (ended_at_us IS NOT NULL)),
  CHECK (status = 'processing' OR unknown_since_us IS NULL)
) {strict};
CREATE INDEX splits_by_payment ON splits (payment_id, id);
CREATE INDEX splits_by_merchant ON splits (merchant_id, id);
@tenant splits

-- One receiver's share: of a merchant in the books, or of a party at the channel.
CREATE TABLE split_lines (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  split_id {id} NOT NULL,
  payment_id {id} NOT NULL,
  position {i64} NOT NULL CHECK (position BETWEEN 0 AND 49),
  merchant_id {id} NOT NULL,
  to_merchant_id {id},
  to_receiver_id {id},
  amount_minor {i64} NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  item {i64},
  refunded_before_minor {i64} NOT NULL CHECK (refunded_before_minor >= 0),
  status TEXT NOT NULL CHECK (status IN ('pending', 'done', 'failed')),
  returning_minor {i64} NOT NULL CHECK (returning_minor >= 0),
  returned_minor {i64} NOT NULL CHECK (returned_minor >= 0),
  returns_count {i64} NOT NULL CHECK (returns_count >= 0),
  returnable {i64} NOT NULL CHECK (returnable IN (0, 1)),
  failure_code TEXT,
  ended_at_us {i64},
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, payment_id, position),
  CHECK (returning_minor + returned_minor <= amount_minor),
  CHECK ((to_merchant_id IS NULL) <> (to_receiver_id IS NULL)),
  CHECK (to_merchant_id IS NULL OR to_merchant_id <> merchant_id),
  CHECK (to_merchant_id IS NULL OR status = 'done'),
  CHECK ((status = 'pending') = (ended_at_us IS NULL)),
  CHECK (status <> 'pending' OR returned_minor = 0)
) {strict};
CREATE INDEX split_lines_by_split ON split_lines (split_id, position);
CREATE INDEX split_lines_by_receiver ON split_lines (to_receiver_id, id) WHERE to_receiver_id IS NOT NULL;
@tenant split_lines

-- What one refund takes back of one share.
CREATE TABLE split_returns (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  refund_id {id} NOT NULL,
  payment_id {id} NOT NULL,
  split_id {id} NOT NULL,
  line_id {id} NOT NULL,
  mode TEXT NOT NULL CHECK (mode IN ('books', 'ahead', 'along', 'itself')),
  out_no TEXT NOT NULL CHECK (length(out_no) BETWEEN 1 AND 64),
  amount_minor {i64} NOT NULL CHECK (amount_minor > 0),
  cash_minor {i64} NOT NULL CHECK (cash_minor BETWEEN 0 AND amount_minor),
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  status TEXT NOT NULL CHECK (status IN ('held', 'waiting', 'processing', 'done', 'released', 'refused')),
  unknown_since_us {i64},
  queries_count {i64} NOT NULL CHECK (queries_count >= 0),
  failure_code TEXT,
  abandonment TEXT,
  ended_at_us {i64},
  created_at_us {i64} NOT NULL,
  updated_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, refund_id, line_id),
  CHECK (mode = 'books' OR cash_minor = 0),
  CHECK (status <> 'held' OR mode = 'books'),
  CHECK (abandonment IS NULL OR mode = 'ahead'),
  CHECK (mode <> 'books' OR status IN ('held', 'done', 'released')),
  CHECK (status = 'refused' OR (status IN ('held', 'waiting', 'processing')) = (ended_at_us IS NULL))
) {strict};
CREATE INDEX split_returns_by_line ON split_returns (line_id, id);
@tenant split_returns

-- Direct links of bank accounts: the timer by which statements are asked for, and how far they were taken.
CREATE TABLE bank_links (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'stopped')),
  road TEXT NOT NULL CHECK (road IN ('https', 'folder')),
  keeper TEXT NOT NULL CHECK (length(keeper) BETWEEN 1 AND 64),
  every_us {i64} NOT NULL CHECK (every_us > 0),
  final_after_us {i64} NOT NULL CHECK (final_after_us >= 0),
  final_day {i64} NOT NULL,
  gap_day {i64},
  due_at_us {i64} NOT NULL,
  lease_until_us {i64} NOT NULL,
  tries {i64} NOT NULL CHECK (tries >= 0),
  failures {i64} NOT NULL CHECK (failures >= 0),
  heard_at_us {i64} NOT NULL,
  trouble TEXT,
  trouble_detail TEXT,
  last_hash TEXT,
  event_seq {i64} NOT NULL CHECK (event_seq >= 0),
  created_at_us {i64} NOT NULL,
  updated_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, id) REFERENCES channel_accounts (tenant_id, id),
  CHECK ((trouble IS NULL) = (trouble_detail IS NULL))
) {strict};
CREATE INDEX bank_links_due ON bank_links (tenant_id, status, due_at_us);
@tenant bank_links

CREATE TABLE accounts (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  owner_kind TEXT NOT NULL CHECK (owner_kind IN ('tenant', 'merchant', 'channel_account', 'cashier',
    'split_receiver', 'partner', 'prepayment')),
  owner_id {id} NOT NULL,
  kind TEXT NOT NULL,
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  balance_minor {i64} NOT NULL,
  credit_limit_minor {i64} NOT NULL CHECK (credit_limit_minor >= 0),
  created_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, owner_kind, owner_id, kind, currency),
  CHECK (balance_minor >= -credit_limit_minor OR kind NOT IN ('pending_settlement', 'collected_for_others', 'cash', 'prepaid', 'held',
    'duplicate',     'late_success', 'suspense', 'transfer_received', 'transfer_return', 'cheques_uncleared'))
) {strict};
@tenant accounts

CREATE TABLE heads (
  tenant_id {id} NOT NULL REFERENCES platform_tenants (id),
  lane {i64} NOT NULL,
  entry_seq {i64} NOT NULL CHECK (entry_seq >= 0),
  entry_hash {bytes} NOT NULL CHECK (length(entry_hash) = 32),
  event_seq {i64} NOT NULL CHECK (event_seq >= 0),
  audit_seq {i64} NOT NULL CHECK (audit_seq >= 0),
  audit_hash {bytes} NOT NULL CHECK (length(audit_hash) = 32),
  last_at_us {i64} NOT NULL,
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, lane)
) {strict};
@tenant heads

CREATE TABLE events (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  kind TEXT NOT NULL,
  object_id {id} NOT NULL,
  object TEXT NOT NULL,
  object_seq {i64} NOT NULL CHECK (object_seq > 0),
  body TEXT NOT NULL,
  created_at_us {i64} NOT NULL,
  lane {i64} NOT NULL,
  lane_seq {i64} NOT NULL CHECK (lane_seq > 0),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, lane, lane_seq{, id})
) {by id};
CREATE INDEX events_by_object ON events (object_id, object_seq);
@append events
@monthly events

CREATE TABLE deliveries (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  event_id {id} NOT NULL,
  endpoint_id {id} NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'dead')),
  due_at_us {i64} NOT NULL,
  lease_until_us {i64} NOT NULL,
  tries {i64} NOT NULL CHECK (tries >= 0),
  last_status {i64},
  last_error TEXT,
  created_at_us {i64} NOT NULL,
  delivered_at_us {i64},
  version {i64} NOT NULL CHECK (version > 0),
  PRIMARY KEY (tenant_id, id),
  CHECK ((status = 'delivered') = (delivered_at_us IS NOT NULL))
) {by id};
CREATE INDEX deliveries_due ON deliveries (tenant_id, due_at_us) WHERE status = 'pending';
CREATE INDEX deliveries_dead ON deliveries (tenant_id, id) WHERE status = 'dead';
CREATE INDEX deliveries_by_endpoint ON deliveries (tenant_id, endpoint_id, id);
CREATE INDEX deliveries_by_event ON deliveries (tenant_id, event_id);
@tenant deliveries
@monthly deliveries

-- A number within a lane comes from the lane's head, whose version guards it; across partitions no key could.
CREATE TABLE entries (
  tenant_id {id} NOT NULL,
  id {id} NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('collect', 'collect_duplicate', 'collect_late', 'collect_suspense', 'undone',
    'hold', 'release', 'refund', 'refund_late', 'suspense_credit', 'bank_credit',
    'bank_debit', 'transfer_match', 'transfer_return', 'slip_credit', 'slip_proven', 'transfer_reversed',
    'return_sent', 'split', 'split_paid', 'split_failed', 'split_failed_undone', 'split_paid_undone', 'split_return',
    'split_return_undone', 'split_returned', 'prepayment_draw', 'prepayment_draw_undone',
    'shift_open', 'shift_close', 'cash_deposit', 'deposit_match', 'cheque_present', 'cheque_line',
    'reversal')),
  payment_id {id},
  attempt_id {id},
  refund_id {id},
  reverses {id},
  currency TEXT NOT NULL CHECK (length(currency) = 3),
  booked_at_us {i64} NOT NULL,
  lane {i64} NOT NULL,
  seq {i64} NOT NULL CHECK (seq > 0),
  debit_minor {i64} NOT NULL CHECK (debit_minor > 0),
  credit_minor {i64} NOT NULL,
  hash {bytes} NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (tenant_id, id),
  CHECK (debit_minor = credit_minor)
) {by id};
CREATE INDEX entries_by_payment ON entries (payment_id);
@sqlite CREATE UNIQUE INDEX entries_by_lane ON entries (tenant_id, lane, seq);
@append entries
@monthly entries

CREATE TABLE entry_lines (
  tenant_id {id} NOT NULL,
  entry_id {id} NOT NULL,
  line_no {i64} NOT NULL CHECK (line_no > 0),
  account_id {id} NOT NULL,
  side TEXT NOT NULL CHECK (side IN ('debit', 'credit')),
  amount_minor {i64} NOT NULL CHECK (amount_minor > 0),
  balance_after_minor {i64} NOT NULL,
  PRIMARY KEY (tenant_id, entry_id, line_no)
) {by entry_id};
CREATE INDEX entry_lines_by_account ON entry_lines (account_id, entry_id);
@append entry_lines
@monthly entry_lines

-- One reversal per entry; kept apart because a unique key of a partitioned table has to hold the partition column.
CREATE TABLE entry_reversals (
  tenant_id {id} NOT NULL,
  reverses {id} NOT NULL,
  entry_id {id} NOT NULL,
  PRIMARY KEY (tenant_id, reverses)
) {clustered};
@append entry_reversals

CREATE TABLE audits (
  tenant_id {id} NOT NULL,
  lane {i64} NOT NULL,
  seq {i64} NOT NULL CHECK (seq > 0),
  id {id} NOT NULL,
  at_us {i64} NOT NULL,
  actor TEXT NOT NULL,
  act TEXT NOT NULL,
  object {key} NOT NULL,
  detail TEXT NOT NULL,
  request_id {id},
  ip TEXT,
  prev_hash {bytes} NOT NULL CHECK (length(prev_hash) = 32),
  hash {bytes} NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (tenant_id, lane, seq{, id})
) {by id};
CREATE INDEX audits_by_object ON audits (object);
@append audits
@monthly audits

-- Makes the partitions of the month that holds the given time and of the months after it.
@postgres CREATE FUNCTION platform_make_months(now_ms BIGINT, months BIGINT) RETURNS INT
@postgres LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $body$
@postgres DECLARE
@postgres   parent RECORD; made INT := 0; first DATE; name TEXT; low TEXT; high TEXT;
@postgres BEGIN
@postgres   FOR parent IN SELECT m.name, m.fill_percent FROM public.platform_monthly m ORDER BY m.name LOOP
@postgres     FOR step IN 0 .. least(months, 24)::int LOOP
@postgres       first := (date_trunc('month', to_timestamp(now_ms / 1000.0) AT TIME ZONE 'UTC') + make_interval(months => step::int))::date;
@postgres       name := parent.name || to_char(first, '_YYYY_MM');
@postgres       CONTINUE WHEN to_regclass('public.' || quote_ident(name)) IS NOT NULL;
@postgres       low := rpad(lpad(to_hex((extract(epoch FROM first) * 1000)::bigint), 12, '0'), 32, '0');
@postgres       high := rpad(lpad(to_hex((extract(epoch FROM first + interval '1 month') * 1000)::bigint), 12, '0'), 32, '0');
@postgres       EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = %s)',
@postgres         name, parent.name, low, high, parent.fill_percent);
@postgres       made := made + 1;
@postgres     END LOOP;
@postgres   END LOOP;
@postgres   RETURN made;
@postgres END $body$;
@postgres REVOKE ALL ON FUNCTION platform_make_months(BIGINT, BIGINT) FROM PUBLIC;
@postgres GRANT EXECUTE ON FUNCTION platform_make_months(BIGINT, BIGINT) TO tillkeeper_app;
