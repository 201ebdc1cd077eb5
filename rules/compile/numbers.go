package compile

import (
	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/diag"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// numberUse says what a number of a deal stands for, which decides what a
// constant may be.
type numberUse uint8

const (
	percentage  numberUse = iota // between 0 and 100
	money                        // not negative, in the currency's digits
	wholeUnits                   // 1 or more
	wholeOrNone                  // 0 or more
)

// number compiles a number of a deal: a literal, or an expression over the
// cart. A literal is checked now, an expression is brought into range when it
// is evaluated. An absent value is nil.
func (p *promotionCompiler) number(v syntax.Value, use numberUse) engine.Number {
	if v.Present() && use == money {
		p.reads |= readsMoney
	}
	switch {
	case !v.Present():
		return nil
	case v.Kind() == syntax.Mapping && use == money:
		v.Report(diag.NotSupported, "write one amount in the currency of policy.yaml", "this version cannot read amounts per currency yet")
		return nil
	case v.Kind() != syntax.Scalar:
		v.Report(diag.WrongValue, "", "want a number, got %s", v.Describe())
		return nil
	}
	o := compileExpression(v, p.cart)
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
	p.reads |= o.reads
	if !o.constant {
		return compiledNumber{value}
	}
	constant, ok := value(nil, element{})
	if !ok {
		v.Report(diag.OutOfRange, "", "the number has more than 18 digits")
		return nil
	}
	p.checkConstant(v, constant, use)
	return engine.Constant(constant)
}

// numberOr is number with a value for when there is none.
func (p *promotionCompiler) numberOr(v syntax.Value, use numberUse, fallback int64) engine.Number {
	if !v.Present() {
		return engine.Constant(engine.NewDecimal(fallback))
	}
	return p.number(v, use)
}

func (p *promotionCompiler) checkConstant(v syntax.Value, d engine.Decimal, use numberUse) {
	whole := d.Floor().Cmp(d) == 0
	switch use {
	case percentage:
		if d.Sign() < 0 || d.Cmp(engine.NewDecimal(100)) > 0 {
			v.Report(diag.OutOfRange, "", "percent must be between 0 and 100")
		} else if d.Round(6, engine.HalfEven).Cmp(d) != 0 {
			v.Report(diag.OutOfRange, "", "percent may have at most 6 digits after the point")
		}
	case money:
		p.checkAmount(v, d)
	case wholeUnits:
		if !whole || d.Sign() <= 0 {
			v.Report(diag.OutOfRange, "", "want a whole number of at least 1")
		}
	case wholeOrNone:
		if !whole || d.Sign() < 0 {
			v.Report(diag.OutOfRange, "", "want a whole number of at least 0")
		}
	}
}

func (p *promotionCompiler) checkAmount(v syntax.Value, d engine.Decimal) {
	_, exact, err := p.currency.Amount(d, engine.HalfUp)
	switch {
	case d.Sign() < 0:
		v.Report(diag.OutOfRange, "", "an amount cannot be negative")
	case err != nil:
		v.Report(diag.OutOfRange, "", "an amount is at most %s %s", p.currency.Format(engine.MaxAmount), p.currency)
	case !exact:
		v.Report(diag.AmountDigits, "", "%s has %d digits after the point, %s has more", p.currency, p.currency.Digits(), d)
	}
}
