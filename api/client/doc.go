// Package client calls version 1 of the API. It is generated from api/openapi.yaml
// (make generate); what goes over the wire are the types of package v1.
//
// It writes paths and queries by github.com/oapi-codegen/runtime, which belongs to the
// generator (released several times a year, Apache-2.0).
//
//	c, err := client.NewClientWithResponses("http://localhost:8000", client.WithRequestEditorFn(
//		func(_ context.Context, r *http.Request) error {
//			r.Header.Set("Authorization", "Bearer "+key)
//			return nil
//		}))
//	answer, err := c.CreateQuoteWithResponse(ctx, v1.QuoteRequest{Lines: []v1.CartLine{{Sku: "120P90", Quantity: 3}}})
//	if answer.JSON200 == nil {
//		return errors.New(answer.ApplicationProblemJSONDefault.Detail)
//	}
//	fmt.Println(answer.JSON200.Total)
package client
