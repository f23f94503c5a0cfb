package host

import "runbook/engine/action"

// Reads are commands that only look, on a machine that has them, besides those that look everywhere (site.Known) and those that a site
// file declares.
var Reads = action.Commands{
	// It downloads an image and the list of what is known to be vulnerable, and compares them. It writes nothing but its own cache, and
	// changes neither the image nor the machine. What it would run or write by other options cannot be said with these: every option is
	// spelt out, and an image's name begins with no dash. Looking for vulnerabilities alone, it reveals no secrets in an image either.
	{"trivy", "image", "--quiet", "--format", "json", "--scanners", "vuln", "--severity", "*", "--ignore-unfixed=false", "--exit-code", "0", "*"},
}
