package compile

import (
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"
)

// spans tells which characters of an expression a node of its syntax tree
// covers. The parser keeps one token for each node, so the span of a node is
// found from the tokens: those of its subtree, and the brackets that belong to
// them.
type spans struct {
	tokens  []lexer.Token
	index   map[int]int // of the token that begins at a character
	partner []int       // of a bracket the other one, of other tokens themselves
	known   map[ast.Node]stretch
}

// stretch is a run of tokens, both ends included.
type stretch struct{ first, last int }

func (x stretch) join(y stretch) stretch {
	return stretch{min(x.first, y.first), max(x.last, y.last)}
}

// newSpans takes apart an expression that the parser has accepted.
func newSpans(source string) *spans {
	s := &spans{tokens: tokensOf(source), index: make(map[int]int), known: make(map[ast.Node]stretch)}
	s.partner = make([]int, len(s.tokens))
	var open []int
	for i, t := range s.tokens {
		s.index[t.From], s.partner[i] = i, i
		switch {
		case t.Is(lexer.Bracket, "(", "[", "{"):
			open = append(open, i)
		case t.Is(lexer.Bracket) && len(open) > 0:
			last := open[len(open)-1]
			open = open[:len(open)-1]
			s.partner[i], s.partner[last] = last, i
		}
	}
	return s
}

// tokensOf returns the tokens of the source without the end, nil when it cannot
// be taken apart.
func tokensOf(source string) []lexer.Token {
	tokens, err := lexer.Lex(file.NewSource(source))
	if err != nil || len(tokens) == 0 {
		return nil
	}
	return tokens[:len(tokens)-1]
}

// characters returns the half-open range of characters that the node covers.
func (s *spans) characters(n ast.Node) (from, to int) {
	x := s.balanced(s.of(n))
	if x.first > x.last {
		return 0, 0
	}
	return s.tokens[x.first].From, s.tokens[x.last].To
}

// balanced extends the stretch to the partners of its brackets: (a or b) and c
// begins with the bracket that a's token does not show.
func (s *spans) balanced(x stretch) stretch {
	for i := x.first; i <= x.last; i++ {
		x.first, x.last = min(x.first, s.partner[i]), max(x.last, s.partner[i])
	}
	return x
}

// of returns the tokens of the node's subtree.
func (s *spans) of(n ast.Node) stretch {
	if x, ok := s.known[n]; ok {
		return x // some parts, such as the middle of 1 < a < 3, are met often
	}
	x := s.own(n)
	for _, child := range children(n) {
		if child != nil {
			x = x.join(s.of(child))
		}
	}
	if choice, ok := n.(*ast.ConditionalNode); ok && !choice.Ternary {
		x = s.balanced(x)
		x.first = max(0, x.first-1) // if
	}
	s.known[n] = x
	return x
}

// own returns the tokens of the node without its children.
func (s *spans) own(n ast.Node) stretch {
	i, ok := s.index[n.Location().From]
	x := stretch{i, i}
	switch n := n.(type) {
	case *ast.ConditionalNode, *ast.PairNode:
		ok = false // the parser's place is that of something else
	case *ast.CallNode, *ast.BuiltinNode:
		if i+1 < len(s.tokens) {
			x.last = s.partner[i+1] // the arguments' brackets
		}
	case *ast.PointerNode:
		if n.Name != "" {
			x.last++
		}
	case *ast.VariableDeclaratorNode:
		x.first = max(0, i-1) // let
	}
	if !ok {
		return stretch{len(s.tokens), -1}
	}
	return s.balanced(x)
}

// children returns the nodes below a node; some may be nil.
func children(n ast.Node) []ast.Node {
	switch n := n.(type) {
	case *ast.UnaryNode:
		return []ast.Node{n.Node}
	case *ast.BinaryNode:
		return []ast.Node{n.Left, n.Right}
	case *ast.ChainNode:
		return []ast.Node{n.Node}
	case *ast.MemberNode:
		return []ast.Node{n.Node, n.Property}
	case *ast.SliceNode:
		return []ast.Node{n.Node, n.From, n.To}
	case *ast.CallNode:
		return append([]ast.Node{n.Callee}, n.Arguments...)
	case *ast.BuiltinNode:
		return n.Arguments
	case *ast.PredicateNode:
		return []ast.Node{n.Node}
	case *ast.VariableDeclaratorNode:
		return []ast.Node{n.Value, n.Expr}
	case *ast.SequenceNode:
		return n.Nodes
	case *ast.ConditionalNode:
		return []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.ArrayNode:
		return n.Nodes
	case *ast.MapNode:
		return n.Pairs
	case *ast.PairNode:
		return []ast.Node{n.Key, n.Value}
	default:
		return nil
	}
}
