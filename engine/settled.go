package engine

// Read calls read with a scope that has the cart of the request as it is before
// promotions, and the quote that it got, which is not changed. The sets of the
// ruleset can be asked for. A cart that cannot be priced is a *CartError.
func (r *Ruleset) Read(req Request, q *Quote, read func(*Scope)) error {
	p := r.pricing()
	defer p.release()
	if err := p.open(req); err != nil {
		return err
	}
	p.begin()
	p.scope.now, p.scope.settled = req.At, q
	defer func() { p.scope.settled = nil }()
	read(p.scope)
	return nil
}
