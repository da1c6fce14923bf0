cashier-name = Checkout
