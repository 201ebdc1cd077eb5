package token

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

// keySet are the keys by which tokens are signed. It does not change.
type keySet []jose.JSONWebKey

// newKeySet reads keys. It leaves out those that sign nothing, that are secret, and that
// are of a kind which is not known: an issuer may have them for others.
func newKeySet(texts []json.RawMessage) keySet {
	var keys keySet
	for _, text := range texts {
		var key jose.JSONWebKey
		if err := json.Unmarshal(text, &key); err != nil {
			continue
		}
		if key.Valid() && key.IsPublic() && (key.Use == "" || key.Use == "sig") {
			keys = append(keys, key)
		}
	}
	return keys
}

// has tells whether a token with the id of a key could be signed by one of these.
func (k keySet) has(id string) bool {
	for i := range k {
		if id == "" || k[i].KeyID == id {
			return true
		}
	}
	return false
}

// signed is a token that was read, with the keys that may have signed it.
type signed struct {
	token *jose.JSONWebSignature
	keys  keySet
}

var _ oidc.KeySet = signed{}

// VerifySignature implements oidc.KeySet for that token. A key that is for one algorithm is
// used for no other.
func (s signed) VerifySignature(context.Context, string) ([]byte, error) {
	header := s.token.Signatures[0].Header
	for i := range s.keys {
		key := &s.keys[i]
		if header.KeyID != "" && key.KeyID != header.KeyID || key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		if payload, err := s.token.Verify(key); err == nil {
			return payload, nil
		}
	}
	return nil, errors.New("no key of the issuer has signed it")
}
