package action

import (
	"strconv"
	"strings"
)

// branchSeparator stands between the labels of nested branches.
const branchSeparator = " > "

// NestBranch is the path of a parallel branch with that label inside of a branch; "" is the path outside of any.
func NestBranch(parent, label string) string {
	if parent == "" {
		return label
	}
	return parent + branchSeparator + label
}

// numberSign begins the label of a branch that is known by its number only.
const numberSign = "#"

// NumberBranch is the label of a branch that is known by its number only, counted from 1.
func NumberBranch(number int) string { return numberSign + strconv.Itoa(number) }

// IsBranchLabel tells whether a label can name a branch: one with a separator in it, or one that looks like a number, would make two
// paths equal.
func IsBranchLabel(label string) bool {
	return label != "" && !strings.Contains(label, branchSeparator) && !strings.HasPrefix(label, numberSign)
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

// ParentBranch is the path of the branch that a branch is right inside of.
func ParentBranch(branch string) string {
	return branch[:max(strings.LastIndex(branch, branchSeparator), 0)]
}
