package config

import (
	"net/url"
	"strings"
)

// Origins returns the origins of CORSOrigins.
func (c Config) Origins() []string {
	origins, _ := parseOrigins(c.CORSOrigins)
	return origins
}

func isOrigins(list string) bool {
	_, ok := parseOrigins(list)
	return ok
}

// parseOrigins reads origins between commas, as browsers write them: in lower case, without a path, and without a port where it
// is the usual one. It takes no *, which would let every page in the world spend what a key may.
func parseOrigins(list string) (origins []string, ok bool) {
	if strings.TrimSpace(list) == "" {
		return nil, true
	}
	for part := range strings.SplitSeq(list, ",") {
		origin := strings.TrimSpace(part)
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || strings.Contains(origin, "*") ||
			u.Scheme+"://"+u.Host != origin || origin != strings.ToLower(origin) ||
			u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80" {
			return nil, false
		}
		origins = append(origins, origin)
	}
	return origins, true
}
