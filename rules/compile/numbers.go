package compile

import (
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// numberUse says what a number stands for, which decides what a
// constant may be.
type numberUse uint8

const (
	percentage  numberUse = iota // between 0 and 100
	money                        // not negative, in the currency's digits
	wholeUnits                   // 1 or more
	wholeOrNone                  // 0 or more
	uses                         // 1 or more; 0 would forbid the promotion
	quantity                     // not negative, and not only whole
	tableAmount                  // an amount for one currency, which checks it
)

// numberCompiler compiles the numbers of one promotion, or of the policy.
type numberCompiler struct {
	*compiler
	// listed are the currencies in which plain amounts hold, none for the
	// shop's.
	listed []engine.Currency
	// reads is what anything that was compiled so far depends on.
	reads reads
	// tabled are the currencies for which all amounts per currency so far have
	// an entry.
	tabled currencySet
}

// number compiles a number: a literal, an expression over the cart or, for
// money, an amount for each currency. A literal is checked now, an expression is brought into range when it
// is evaluated. An absent value is nil.
func (n *numberCompiler) number(v syntax.Value, use numberUse) engine.Number {
	switch {
	case !v.Present():
		return nil
	case v.Kind() == syntax.Mapping && use == money:
		return n.table(v)
	case v.Kind() != syntax.Scalar:
		v.Report(diag.WrongValue, "", "want a number, got %s", v.Describe())
		return nil
	}
	if use == money {
		n.reads |= readsMoney
	}
	o := compileExpression(v, n.cart)
	value, ok := o.asNumber()
	if !ok {
		if o.kind != invalid {
			hint := ""
			if o.fields != nil {
				hint = o.fields.hint
			}
			v.Report(diag.TypeMismatch, hint, "want a number, got %s", o.kind)
		}
		return nil
	}
	n.reads |= o.reads
	if !o.constant {
		return compiledNumber{value}
	}
	constant, ok := value(nil, element{})
	if !ok {
		v.Report(diag.OutOfRange, "", "the number has more than 18 digits")
		return nil
	}
	n.checkConstant(v, constant, use)
	return engine.Constant(constant)
}

// numberOr is number with a value for when there is none.
func (n *numberCompiler) numberOr(v syntax.Value, use numberUse, fallback int64) engine.Number {
	if !v.Present() {
		return engine.Constant(engine.NewDecimal(fallback))
	}
	return n.number(v, use)
}

func (n *numberCompiler) checkConstant(v syntax.Value, d engine.Decimal, use numberUse) {
	whole := d.Floor().Cmp(d) == 0
	switch use {
	case percentage:
		if d.Sign() < 0 || d.Cmp(engine.NewDecimal(100)) > 0 {
			v.Report(diag.OutOfRange, "", "percent must be between 0 and 100")
		} else if d.Round(6, engine.HalfEven).Cmp(d) != 0 {
			v.Report(diag.OutOfRange, "", "percent may have at most 6 digits after the point")
		}
	case money:
		n.checkPlainAmount(v, d)
	case wholeUnits:
		if !whole || d.Sign() <= 0 {
			v.Report(diag.OutOfRange, "", "want a whole number of at least 1")
		}
	case wholeOrNone:
		if !whole || d.Sign() < 0 {
			v.Report(diag.OutOfRange, "", "want a whole number of at least 0")
		}
	case uses:
		switch {
		case d.Sign() == 0:
			v.Report(diag.OutOfRange, "write enabled: false for a promotion that nobody may use", "a limit of 0 would never let the promotion apply")
		case !whole || d.Sign() < 0:
			v.Report(diag.OutOfRange, "", "want a whole number of at least 1")
		}
	case quantity:
		if d.Sign() < 0 {
			v.Report(diag.OutOfRange, "", "want a number of at least 0")
		}
	}
}

// checkPlainAmount checks an amount that is one number in each currency in
// which it holds, up to the first that it does not fit.
func (n *numberCompiler) checkPlainAmount(v syntax.Value, d engine.Decimal) {
	if len(n.listed) == 0 {
		checkAmount(v, d, n.currency)
		return
	}
	for _, c := range n.listed {
		if !checkAmount(v, d, c) {
			return
		}
	}
}

// checkAmount reports an amount that the currency cannot have.
func checkAmount(v syntax.Value, d engine.Decimal, c engine.Currency) bool {
	_, exact, err := c.Amount(d, engine.HalfUp)
	switch {
	case d.Sign() < 0:
		v.Report(diag.OutOfRange, "", "an amount cannot be negative")
	case err != nil:
		v.Report(diag.OutOfRange, "", "an amount is at most %s %s", c.Format(engine.MaxAmount), c)
	case !exact:
		v.Report(diag.AmountDigits, "", "%s has %d digits after the point, %s has more", c, c.Digits(), d)
	default:
		return true
	}
	return false
}
