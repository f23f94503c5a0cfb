package script

import (
	"fmt"
	"slices"

	"github.com/yuin/gopher-lua/ast"
)

// together makes a script's multiple assignments what they are in Lua: all values are there before the first variable changes. gopher-lua
// writes into a local as soon as it knows its value, and "a, b = b, a" gives both the same.
func together(stmts []ast.Stmt) []ast.Stmt {
	through := walk{func(_ *ast.ParList, inner []ast.Stmt) []ast.Stmt { return together(inner) }, together}
	for i, s := range stmts {
		through.stmt(s)
		if a, ok := s.(*ast.AssignStmt); ok && torn(a) {
			stmts[i] = whole(a)
		}
	}
	return stmts
}

// torn tells whether a variable may change while another value, or the place of one, still depends on it.
func torn(a *ast.AssignStmt) bool {
	variable := func(e ast.Expr) bool { _, ok := e.(*ast.IdentExpr); return ok }
	return len(a.Lhs) > 1 && slices.ContainsFunc(a.Lhs, variable) &&
		(len(a.Rhs) > 1 || slices.ContainsFunc(a.Lhs, func(e ast.Expr) bool { return !variable(e) }))
}

// whole is the assignment as a block, which first holds what it needs in locals of its own. Their names are none that a script could have.
func whole(a *ast.AssignStmt) ast.Stmt {
	held := &ast.LocalAssignStmt{}
	local := func() *ast.IdentExpr {
		held.Names = append(held.Names, fmt.Sprintf("(%d)", len(held.Names)))
		return placed(&ast.IdentExpr{Value: held.Names[len(held.Names)-1]}, a)
	}
	hold := func(e ast.Expr) ast.Expr {
		if _, constant := e.(ast.ConstExpr); constant {
			return e
		}
		held.Exprs = append(held.Exprs, e)
		return local()
	}
	targets := slices.Clone(a.Lhs)
	for i, target := range targets {
		if field, ok := target.(*ast.AttrGetExpr); ok {
			targets[i] = placed(&ast.AttrGetExpr{Object: hold(field.Object), Key: hold(field.Key)}, field)
		}
	}
	held.Exprs = append(held.Exprs, a.Rhs...)
	block := &ast.DoBlockStmt{Stmts: []ast.Stmt{placed(held, a)}}
	sets := make([]ast.Stmt, len(targets))
	for i, target := range targets {
		sets[i] = placed(&ast.AssignStmt{Lhs: []ast.Expr{target}, Rhs: []ast.Expr{local()}}, a)
	}
	slices.Reverse(sets) // as Lua has it: of "a, a = 1, 2" the first counts
	block.Stmts = append(block.Stmts, sets...)
	return placed(block, a)
}

// placed gives something the lines of what it takes the place of.
func placed[T ast.PositionHolder](n T, of ast.PositionHolder) T {
	n.SetLine(of.Line())
	n.SetLastLine(of.LastLine())
	return n
}
