package persistence

import (
	"fmt"

	"github.com/checkout-promotions/checkout/engine"
)

// checkItems refuses what could not be stored and read back as it is. What a
// SKU or a name should look like is for the API to say.
func checkItems(items []engine.Item) error {
	bySKU := make(map[string]int, len(items))
	byName := make(map[string]string, len(items))
	for i := range items {
		item := &items[i]
		if field, problem := itemProblem(item); problem != "" {
			return &InvalidError{Field: fmt.Sprintf("items[%d].%s", i, field), Problem: problem}
		}
		if first, twice := bySKU[item.SKU]; twice {
			return &InvalidError{
				Field:   fmt.Sprintf("items[%d].sku", i),
				Problem: fmt.Sprintf("%s is also items[%d]; name each item once", item.SKU, first),
			}
		}
		if by, taken := byName[item.Name]; taken {
			return &engine.NameTakenError{Name: item.Name, SKU: item.SKU, By: by}
		}
		bySKU[item.SKU], byName[item.Name] = i, item.SKU
	}
	return nil
}

// itemProblem returns the first field that is wrong, and what is wrong with it.
func itemProblem(item *engine.Item) (field, problem string) {
	switch {
	case item.SKU == "":
		return "sku", "is empty"
	case item.Name == "":
		return "name", "is empty"
	case item.Price < 0 || item.Price > engine.MaxAmount:
		return "price", amountProblem(item.Price)
	case item.MinPrice < 0 || item.MinPrice > engine.MaxAmount:
		return "min_price", amountProblem(item.MinPrice)
	case item.Stock < 0:
		return "stock", fmt.Sprintf("is %d; want 0 or more", item.Stock)
	}
	for _, text := range []struct{ field, value string }{
		{"sku", item.SKU}, {"name", item.Name}, {"brand", item.Brand},
	} {
		if problem := textProblem(text.value); problem != "" {
			return text.field, problem
		}
	}
	return listProblem(item)
}

func amountProblem(a engine.Amount) string {
	return fmt.Sprintf("is %d smallest units; want 0 to %d", a, engine.MaxAmount)
}

func listProblem(item *engine.Item) (field, problem string) {
	if problem := textsProblem(item.Categories); problem != "" {
		return "categories", problem
	}
	if problem := textsProblem(item.Tags); problem != "" {
		return "tags", problem
	}
	for name, value := range item.Attributes {
		text, _ := value.Text()
		texts, _ := value.Texts()
		if problem := textsProblem(append([]string{name, text}, texts...)); problem != "" {
			return "attributes", problem
		}
	}
	return "", ""
}

func textsProblem(texts []string) string {
	for _, text := range texts {
		if problem := textProblem(text); problem != "" {
			return problem
		}
	}
	return ""
}
