package script

import "github.com/yuin/gopher-lua/ast"

// A walk goes through the statements of a script, however deep they lie, and puts others in the place of each block.
type walk struct {
	body  func(*ast.ParList, []ast.Stmt) []ast.Stmt // of a function
	block func([]ast.Stmt) []ast.Stmt               // of any other statement
}

// stmt goes through one statement.
func (w walk) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		w.exprs(s.Lhs)
		w.exprs(s.Rhs)
	case *ast.LocalAssignStmt:
		w.exprs(s.Exprs)
	case *ast.FuncCallStmt:
		w.expr(s.Expr)
	case *ast.DoBlockStmt:
		s.Stmts = w.block(s.Stmts)
	case *ast.WhileStmt:
		w.expr(s.Condition)
		s.Stmts = w.block(s.Stmts)
	case *ast.RepeatStmt:
		w.expr(s.Condition)
		s.Stmts = w.block(s.Stmts)
	case *ast.IfStmt:
		w.expr(s.Condition)
		s.Then, s.Else = w.block(s.Then), w.block(s.Else)
	case *ast.NumberForStmt:
		w.exprs([]ast.Expr{s.Init, s.Limit, s.Step})
		s.Stmts = w.block(s.Stmts)
	case *ast.GenericForStmt:
		w.exprs(s.Exprs)
		s.Stmts = w.block(s.Stmts)
	case *ast.FuncDefStmt:
		w.expr(s.Func)
	case *ast.ReturnStmt:
		w.exprs(s.Exprs)
	}
}

func (w walk) exprs(list []ast.Expr) {
	for _, e := range list {
		w.expr(e)
	}
}

// expr finds the functions in an expression.
func (w walk) expr(e ast.Expr) {
	switch e := e.(type) {
	case *ast.FunctionExpr:
		e.Stmts = w.body(e.ParList, e.Stmts)
	case *ast.FuncCallExpr:
		w.exprs([]ast.Expr{e.Func, e.Receiver})
		w.exprs(e.Args)
	case *ast.AttrGetExpr:
		w.exprs([]ast.Expr{e.Object, e.Key})
	case *ast.TableExpr:
		for _, f := range e.Fields {
			w.exprs([]ast.Expr{f.Key, f.Value})
		}
	case *ast.LogicalOpExpr:
		w.exprs([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.RelationalOpExpr:
		w.exprs([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.StringConcatOpExpr:
		w.exprs([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.ArithmeticOpExpr:
		w.exprs([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.UnaryMinusOpExpr:
		w.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		w.expr(e.Expr)
	case *ast.UnaryLenOpExpr:
		w.expr(e.Expr)
	}
}
