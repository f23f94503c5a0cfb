package action

import "strings"

// branchSeparator stands between the labels of nested branches.
const branchSeparator = " > "

// NestBranch is the path of a parallel branch with that label inside of a branch; "" is the path outside of any.
func NestBranch(parent, label string) string {
	if parent == "" {
		return label
	}
	return parent + branchSeparator + label
}

// IsBranchLabel tells whether a label can name a branch: one with a separator in it would make two paths equal.
func IsBranchLabel(label string) bool {
	return label != "" && !strings.Contains(label, branchSeparator)
}

// ChildBranch returns the path of the branch right below parent that below is, or is inside of.
func ChildBranch(parent, below string) (string, bool) {
	rest := below
	if parent != "" {
		var inside bool
		if rest, inside = strings.CutPrefix(below, parent+branchSeparator); !inside {
			return "", false
		}
	}
	label, _, _ := strings.Cut(rest, branchSeparator)
	return NestBranch(parent, label), label != ""
}
