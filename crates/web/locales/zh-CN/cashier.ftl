cashier-name = 收银台
