// Package v1 has the bodies of version 1 of the API, as the server and the client
// send and read them. They are generated from api/openapi.yaml (make generate),
// whose descriptions are their documentation.
//
// Amounts are engine.Decimal values, which are exact and go over the wire as text.
// Members that may be left out are left out where they have the zero value.
package v1
