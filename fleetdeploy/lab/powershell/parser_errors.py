"""The parser's errors: ids as in the real parser, messages after its words.

Decides what an error says and whether more input could have cured it; where one is raised is the parser's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleetdeploy.lab.powershell.ast import Extent, ParseError

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.ast import Source

MESSAGES: dict[str, str] = {
    "AmpersandNotAllowed": (
        "The ampersand (&) character is not allowed. The & operator is reserved for future use; wrap an ampersand in "
        'double quotation marks ("&") to pass it as part of a string.'
    ),
    "AssignmentStatementToAutomaticNotSupported": "Cannot assign automatic variable '{0}' with type '{1}'",
    "BadNumericConstant": "The numeric constant {0} is not valid.",
    "ControlLeavingFinally": "Control cannot leave a finally block.",
    "DuplicateFormalParameter": "Duplicate parameter ${0} in parameter list.",
    "DuplicateKeyInHashLiteral": "Duplicate keys '{0}' are not allowed in hash literals.",
    "DuplicateNamedArgument": "Duplicate named argument '{0}'.",
    "DuplicateScriptCommandClause": "Script command clause '{0}' has already been defined.",
    "EmptyCatchNotLast": "The catch block must be the last catch block.",
    "EmptyPipeElement": "An empty pipe element is not allowed.",
    "EmptyVariableReference": "Braced variable name cannot be empty.",
    "EndSquareBracketExpectedAtEndOfAttribute": "Missing ] at end of attribute or type literal.",
    "EndSquareBracketExpectedAtEndOfType": "Missing ] at end of type token.",
    "ExceptionTypeAlreadyCaught": "The exception type {0} is already handled by a previous handler.",
    "ExpectedExpression": "An expression was expected after '('.",
    "ExpectedValueExpression": "You must provide a value expression following the '{0}' operator.",
    "ExpressionsMustBeFirstInPipeline": "Expressions are only allowed as the first element of a pipeline.",
    "IfStatementMissingCondition": "Missing condition in if statement after '{0} ('.",
    "IncompleteDollarSubexpressionReference": "$(subexpression) is missing the closing ')'.",
    "IncompleteDollarVariableReference": "The variable reference is missing the closing '}}'.",
    "IncompleteString": "Incomplete string token.",
    "InvalidBracedVariableReference": (
        "Variable reference is not valid. The variable name is missing. Check the braced name."
    ),
    "InvalidEndOfLine": "The token '{0}' is not a valid statement separator in this version.",
    "InvalidForeachFlag": "The parameter -{0} is not a valid parameter for the foreach statement.",
    "InvalidFunctionParameter": "Missing expression after type or attribute in parameter list.",
    "InvalidLeftHandSide": (
        "The assignment expression is not valid. The input to an assignment operator must be an object that is able to "
        "accept assignments, such as a variable or a property."
    ),
    "InvalidParameterForDataSectionStatement": "The parameter -{0} is not valid for the data statement.",
    "InvalidSwitchFlag": "The parameter -{0} is not a valid parameter for the switch statement.",
    "InvalidUsingExpression": (
        "Expression is not allowed in a Using expression. The value of a Using expression must be a variable."
    ),
    "InvalidVariableReference": (
        "Variable reference is not valid. '$' was not followed by a valid variable name character. Consider using "
        "${{}} to delimit the name."
    ),
    "InvalidVariableReferenceWithDrive": (
        "Variable reference is not valid. ':' was not followed by a valid variable name character. Consider using "
        "${{}} to delimit the name."
    ),
    "KeywordParameterReservedForFutureUse": ("The {0} '-{1}' parameter is reserved for future use."),
    "MissingArgument": "Missing argument in parameter list.",
    "MissingArrayIndexExpression": "Array index expression is missing or not valid.",
    "MissingAssemblyNameSpecification": "Missing assembly name specification after ','.",
    "MissingCatchHandlerBlock": "The Catch block is missing its statement block.",
    "MissingCatchOrFinally": "The Try statement is missing its Catch or Finally block.",
    "MissingCurlyBraceInSwitchStatement": "Missing opening '{{' in switch statement.",
    "MissingEndCurlyBrace": "Missing closing '}}' in statement block or type definition.",
    "MissingEndParenthesisAfterForeach": "Missing closing ')' after expression in foreach loop.",
    "MissingEndParenthesisAfterStatement": "Missing closing ')' after expression in '{0}' statement.",
    "MissingEndParenthesisInExpression": "Missing closing ')' in expression.",
    "MissingEndParenthesisInFunctionParameterList": "Missing ')' in function parameter list.",
    "MissingEndParenthesisInMethodCall": "Missing ')' in method call.",
    "MissingEndParenthesisInSubexpression": "Missing closing ')' in subexpression.",
    "MissingEndParenthesisInSwitchStatement": "Missing closing ')' after expression in switch statement.",
    "MissingEndSquareBracket": "Missing ']' after array index expression.",
    "MissingEqualsInHashLiteral": "Missing '=' operator after key in hash literal.",
    "MissingExpression": "Missing expression after '{0}'.",
    "MissingExpressionAfterKeyword": "Missing expression after '{0}' in loop.",
    "MissingExpressionAfterOperator": "Missing expression after unary operator '{0}'.",
    "MissingExpressionAfterToken": "Missing expression after '{0}'.",
    "MissingExpressionInNamedArgument": "Missing expression in named argument.",
    "MissingFileSpecification": "Missing file specification after redirection operator.",
    "MissingFilenameOption": "Missing file name after the -file option of the switch statement.",
    "MissingFinallyStatementBlock": "The Finally block is missing its statement block.",
    "MissingForeachExpression": "Missing expression after 'in' in foreach loop.",
    "MissingForeachStatement": "Missing statement body in foreach loop.",
    "MissingFunctionBody": "Missing function body in function declaration.",
    "MissingInInForeach": (
        "Missing 'in' after variable in foreach loop.\nThe correct form is: foreach ($a in $b) {{...}}"
    ),
    "MissingLoopStatement": "Missing statement body in {0} loop.",
    "MissingNameAfterKeyword": "Missing name after {0} keyword.",
    "MissingNamedStatementBlock": "Missing {0} statement block.",
    "MissingNamedBlocks": ("unexpected token '{0}', expected 'begin', 'process', 'end', or 'dynamicparam'."),
    "MissingOpenParenthesisAfterKeyword": "Missing opening '(' after keyword '{0}'.",
    "MissingOpenParenthesisInIfStatement": "Missing '(' after '{0}' in if statement.",
    "MissingPropertyName": "Missing property name after reference operator.",
    "MissingStatementAfterKeyword": "Missing statement after '{0}' keyword.",
    "MissingStatementBlock": "Missing statement block after {0} ( condition ).",
    "MissingStatementBlockAfterElse": "Missing statement block after 'else' keyword.",
    "MissingStatementBlockForDataSection": "Missing statement block for data section.",
    "MissingStatementInHashLiteral": "Missing statement after '=' in hash literal.",
    "MissingStatementTerminator": "Missing statement terminator.",
    "MissingSwitchConditionExpression": "Missing condition in switch statement clause.",
    "MissingSwitchStatementClause": "Missing statement block in switch statement clause.",
    "MissingTerminatorMultiLineComment": "The terminator '#>' is missing from the multiline comment.",
    "MissingThrottleLimit": "Missing throttle limit after -throttlelimit.",
    "MissingTrapStatement": "Missing statement block in trap statement.",
    "MissingTryStatementBlock": "The Try statement is missing its statement block.",
    "MissingTypeLiteralToken": "Missing type literal token.",
    "MissingTypename": "Missing type name after '['.",
    "MissingUsingItemName": "Missing name after using keyword.",
    "MissingUsingStatementDirective": "Missing using directive.",
    "MissingValueForSupportedCommandInDataSectionStatement": (
        "Missing argument to the -SupportedCommand parameter of the data statement."
    ),
    "MissingVariableNameAfterForeach": (
        "Missing variable name after foreach.\nThe correct form is: foreach ($a in $b) {{...}}"
    ),
    "MissingWhileOrUntilInDoWhile": "Missing while or until keyword in do loop.",
    "MultipleSwitchDefaultClauses": "A switch statement can have only one default clause.",
    "OnlyOneParameterListAllowed": "Only one parameter list is allowed: in front of the body or in a param block.",
    "OpenBraceNeedsToBeBackTickedInVariableName": (
        "The '{{' character in a variable name must be escaped with a backtick."
    ),
    "OperatorRequiresVariableOrProperty": "The '{0}' operator works only on variables or on properties.",
    "OrderedAttributeOnlyOnHashLiteralNode": "The {0} attribute can be specified only on a hash literal node.",
    "ParameterAttributeArgumentNeedsToBeConstantOrScriptBlock": (
        "Attribute argument must be a constant or a script block."
    ),
    "ParameterRequiresArgument": "The parameter '{0}' requires an argument.",
    "PipelineValueRequired": (
        "A switch statement must have one of the following:  '-file file_name' or '( expression )'."
    ),
    "RedirectionNotSupported": "The '{0}' operator is reserved for future use.",
    "ReferenceNeedsToBeByItselfInTypeConstraint": "[ref] cannot be combined with other types in a type constraint.",
    "ReferenceNeedsToBeByItselfInTypeSequence": "Multiple type constraints cannot contain more than one type [ref].",
    "ReferenceNeedsToBeLastTypeInTypeConversion": ("[ref] can only be the final type in type conversion sequence."),
    "ReservedKeywordNotAllowed": "The '{0}' keyword is not supported in this version of the language.",
    "SplattingNotPermitted": (
        "The splatting operator '@' cannot be used to reference variables in an expression. '@{0}' can be used only as "
        "an argument to a command. To reference variables in an expression use '${0}'."
    ),
    "SplattingNotPermittedInArgumentList": (
        "The splatted variable '@{0}' cannot be part of a comma-separated list of arguments."
    ),
    "StreamAlreadyRedirected": "The {0} stream for this command is already redirected.",
    "TerminatorExpectedAtEndOfString": "The string is missing the terminator: {0}.",
    "ThrottleLimitRequiresParallelFlag": "The -throttlelimit parameter needs the -parallel parameter.",
    "TypeNotAllowedBeforeParam": "The type {0} is not allowed before param.",
    "TypeNotAllowedBeforeStatement": "The type {0} is not allowed before a statement.",
    "UnexpectedAttribute": "Unexpected attribute '{0}'.",
    "UnexpectedCharactersAfterHereStringHeader": (
        "No characters are allowed after a here-string header but before the end of the line."
    ),
    "UnexpectedToken": "Unexpected token '{0}' in expression or statement.",
    "UnrecognizedToken": "Unrecognized token in source text.",
    "UsingMustBeAtStartOfScript": "A 'using' statement must appear before any other statements in a script.",
    "VoidTypeConstraintNotAllowed": "[void] cannot be used as a parameter type, or on the left side of an assignment.",
    "WhitespaceBeforeHereStringFooter": "White space is not allowed before the string terminator.",
}


class ErrorList:
    """Collects errors; the same one twice (after going back) counts once."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.errors: list[ParseError] = []

    def add(self, start: int, end: int, error_id: str, incomplete: bool, *args: str) -> None:
        """Note an error at [start, end)."""
        if any(e.error_id == error_id and e.extent.start == start and e.extent.end == end for e in self.errors):
            return
        message = MESSAGES[error_id].format(*args)
        self.errors.append(ParseError(error_id, message, Extent(self.source, start, end), incomplete))
