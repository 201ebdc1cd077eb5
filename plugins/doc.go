// Package plugins is the place of deals that third parties ship as programs of
// their own, speaking gRPC through hashicorp/go-plugin.
//
// The seam they will use exists: a deal of package engine proposes what it would
// do with the cart as it finds it, and the pricing checks and applies the
// proposal, so that a plugin's discount is a candidate like any other.
package plugins
