package token

import (
	"slices"
	"strings"

	"github.com/checkout-promotions/checkout/engine/apikey"
)

// scopesIn returns the scopes that a claim has, each once.
func scopesIn(claims map[string]any, claim, prefix string) apikey.Scopes {
	words := wordsOf(find(claims, claim))
	var scopes apikey.Scopes
	for _, scope := range apikey.AllScopes() {
		if slices.Contains(words, prefix+string(scope)) {
			scopes = append(scopes, scope)
		}
	}
	return scopes
}

// find returns the claim of a name, or what lies where its dots lead.
func find(claims map[string]any, name string) any {
	if found, ok := claims[name]; ok {
		return found
	}
	outer, inner, nested := strings.Cut(name, ".")
	if below, ok := claims[outer].(map[string]any); ok && nested {
		return find(below, inner)
	}
	return nil
}

// wordsOf are the words of a text, or the texts of a list.
func wordsOf(value any) []string {
	switch v := value.(type) {
	case string:
		return strings.Fields(v)
	case []any:
		var words []string
		for _, entry := range v {
			if word, ok := entry.(string); ok {
				words = append(words, word)
			}
		}
		return words
	default:
		return nil
	}
}
