package compile

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strconv"
	"strings"

	"github.com/checkout-promotions/checkout/engine"
	"github.com/checkout-promotions/checkout/rules/syntax"
)

// name gives the promotions, and all that is not promotions, names by which those of
// another folder can be seen to be the same; see engine.Promotion and engine.Pair. A
// name stands for what is written, word for word, with what is written of the sets
// and conditions that are mentioned. So other words for the same have another name,
// never the other way round.
func (c *compiler) name(config *engine.RulesetConfig) {
	w := meanings{compiler: c, seen: make(map[*definition]bool)}
	for _, doc := range c.docs {
		switch stem := strings.TrimSuffix(doc.Name(), path.Ext(doc.Name())); stem {
		case "policy", lockName:
			w.text = strconv.AppendQuote(w.text, stem)
			w.value(doc.Root())
		}
	}
	config.Frame = w.take()
	for i, m := range c.promotions {
		w.value(m.Value)
		config.Promotions[i].Meaning = w.take()
	}
}

// meanings writes what is said without its layout.
type meanings struct {
	*compiler
	text     []byte
	mentions []*definition // each once
	seen     map[*definition]bool
}

// take returns the name of what has been written, with all that it mentions, and
// begins anew. A word may be mentioned in a text that only looks like it, even in its
// own definition.
func (w *meanings) take() string {
	for i := 0; i < len(w.mentions); i++ {
		d := w.mentions[i]
		w.text = strconv.AppendQuote(append(w.text, d.kind...), d.name)
		w.value(d.value)
	}
	sum := sha256.Sum256(w.text)
	w.text, w.mentions = w.text[:0], w.mentions[:0]
	clear(w.seen)
	return hex.EncodeToString(sum[:16])
}

func (w *meanings) value(v syntax.Value) {
	switch v.Kind() {
	case syntax.Mapping:
		w.text = append(w.text, '{')
		for _, e := range v.Entries() {
			w.scalar(e.Name)
			w.text = append(w.text, ':')
			w.value(e.Value)
		}
		w.text = append(w.text, '}')
	case syntax.Sequence:
		w.text = append(w.text, '[')
		for _, item := range v.Items() {
			w.value(item)
		}
		w.text = append(w.text, ']')
	default:
		w.text = strconv.AppendBool(strconv.AppendInt(w.text, int64(v.Kind()), 10), v.Quoted())
		w.scalar(v.Text())
	}
}

// scalar writes a text and notes the definitions that its words may stand for.
func (w *meanings) scalar(text string) {
	w.text = append(strconv.AppendQuote(w.text, text), ',')
	for text != "" {
		start := strings.IndexFunc(text, isWord)
		if start < 0 {
			return
		}
		end := strings.IndexFunc(text[start:], func(r rune) bool { return !isWord(r) })
		if end < 0 {
			end = len(text) - start
		}
		if d := w.names[text[start:start+end]]; d != nil && !w.seen[d] {
			w.seen[d] = true
			w.mentions = append(w.mentions, d)
		}
		text = text[start+end:]
	}
}

func isWord(r rune) bool {
	return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}
