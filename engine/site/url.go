package site

import "net/url"

// CheckURL says what is wrong with the address of a server that is asked over HTTP; "" if nothing is. It never repeats the address, in
// which there may be a password.
func CheckURL(address string) string {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return "this is no address, such as http://prometheus:9090"
	case u.Scheme != "http" && u.Scheme != "https":
		return "an address begins with http:// or https://, such as http://prometheus:9090"
	case u.Hostname() == "":
		return "this address names no host: http://prometheus:9090"
	case u.RawQuery != "" || u.Fragment != "":
		return "an address ends with its path: what is asked comes after it"
	}
	return ""
}
