"""Makes one argument fit one parameter: type conversion, refusal of null and empty, Validate attributes.

With PowerShell's error ids. Which argument goes to which parameter is binder.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleetdeploy.lab.powershell import convert
from fleetdeploy.lab.powershell.runtime import language_mode
from fleetdeploy.lab.powershell.runtime.errors import binding_error
from fleetdeploy.lab.powershell.runtime.signature import (
    Signature,
    Spec,
)
from fleetdeploy.lab.powershell.runtime.values_ext import is_enumerable, iterate
from fleetdeploy.lab.powershell.spelled import SpelledDecimal, doubted
from fleetdeploy.lab.powershell.values import (
    DotNetException,
    PSReference,
    PSRuntimeError,
    SwitchParameter,
    is_number,
    type_of,
)

if TYPE_CHECKING:
    from fleetdeploy.lab.powershell.runtime.interp import Interp

VALIDATION = "System.Management.Automation.ParameterBindingValidationException"
TRANSFORMATION = "System.Management.Automation.ParameterBindingArgumentTransformationException"
TRANSFORM_METADATA = "System.Management.Automation.ArgumentTransformationMetadataException"


class Coercion:
    """Conversion and validation of one argument for one parameter; the base of Binder."""

    rt: Interp
    signature: Signature
    command: str
    simple: bool

    def coerce(self, spec: Spec, value: Any) -> Any:
        shape = spec.shape
        if shape == "any":
            if type(value) is SpelledDecimal:
                # A script's parameter is assigned; what a cmdlet does with the object is not known.
                return value.plain if spec.script else doubted(value)
            if value is not None or (spec.script and not spec.mandatory):
                return value
        elif shape == "text":
            if type(value) is str and (value or not spec.mandatory) and not self.rt.constrained:
                return value
        elif shape == "switch" and type(value) is bool:
            return SwitchParameter(value) if spec.script else value
        try:
            return self._coerced(spec, value)
        except PSRuntimeError as error:
            about = error.exception.properties
            if "TypeSpecified" in about and spec.type is not None:
                about["ParameterType"] = spec.type.full_name
                about["TypeSpecified"] = "" if value is None else type_of(value).full_name
            raise

    def _coerced(self, spec: Spec, value: Any) -> Any:
        converted = self._convert(spec, value)
        self._refuse_empty(spec, converted, spec.mandatory)
        for check in spec.checks:
            if converted is None and spec.allow_null:
                continue
            try:
                check(converted)
            except PSRuntimeError as error:
                raise binding_error(
                    "ParameterArgumentValidationError",
                    f"Cannot validate argument on parameter '{spec.name}'. {error.message}",
                    parameter=spec.name,
                    category="InvalidData",
                    exception_type=VALIDATION,
                    inner=error.exception,
                ) from error
        return converted

    def _convert(self, spec: Spec, value: Any) -> Any:
        if spec.is_switch:
            if isinstance(value, SwitchParameter):
                flag = value.is_present
            elif value is None and not spec.script:
                flag = True  # a client's AddParameter("Stream") brings $null: the switch is there
            elif isinstance(value, bool) or value is None:
                flag = bool(value)
            elif spec.script:
                raise self._bad_conversion(
                    spec,
                    convert_failure(value, "System.Management.Automation.SwitchParameter"),
                )
            elif is_number(value):
                flag = bool(value)
            else:
                raise self._bad_conversion(spec, convert_failure(value, "System.Management.Automation.SwitchParameter"))
            return SwitchParameter(flag) if spec.script else flag
        kind = spec.type
        if kind is None or kind.full_name == "System.Object":
            if type(value) is SpelledDecimal:
                return value.plain if spec.script else doubted(value)
            return value
        if spec.script and self.rt.constrained:
            language_mode.check_parameter(value, kind, spec.name)
        if spec.type_name == "ref" and not isinstance(value, PSReference):
            raise self._bad_conversion(spec, convert_failure(value, "System.Management.Automation.PSReference"))
        name = kind.full_name
        if name == "System.String" and is_enumerable(value):
            if self.simple:
                return self.rt.to_string(value)
            raise self._bad_conversion(spec, convert_failure(value, name))
        if name == "System.Boolean" and (isinstance(value, str) or value is None):
            raise self._bad_conversion(
                spec,
                DotNetException(
                    "System.Management.Automation.PSInvalidCastException",
                    f'Cannot convert value "{"" if value is None else type_of(value).full_name}" to type '
                    '"System.Boolean". Boolean parameters accept only Boolean values and numbers, such as $True, '
                    "$False, 1 or 0.",
                ),
            )
        if value is None and kind.is_array:
            return None
        try:
            return convert.to_type(value, kind)
        except PSRuntimeError as error:
            inner = error.exception.inner_exception or error.exception
            raise self._bad_conversion(spec, inner, error.message) from error

    def _bad_conversion(self, spec: Spec, cause: DotNetException, message: str = "") -> PSRuntimeError:
        text = message or cause.message
        if spec.script:
            return binding_error(
                "ParameterArgumentTransformationError",
                f"Cannot process argument transformation on parameter '{spec.name}'. {text}",
                parameter=spec.name,
                category="InvalidData",
                exception_type=TRANSFORMATION,
                inner=DotNetException(TRANSFORM_METADATA, text, cause),
            )
        return binding_error(
            "CannotConvertArgumentNoMessage",
            f"Cannot bind parameter '{spec.name}'. {text}",
            parameter=spec.name,
            inner=cause,
        )

    def _refuse_empty(self, spec: Spec, value: Any, mandatory: bool) -> None:
        if spec.script and not mandatory:
            return
        reason = ""
        is_string = spec.type is not None and spec.type.full_name == "System.String"
        if value is None:
            if not spec.allow_null and (mandatory or not spec.script) and not spec.is_switch:
                if not mandatory and (spec.type is None or is_string or not spec.type.is_value_type):
                    return
                reason = "NullNotAllowed"
        elif isinstance(value, str):
            if not value and is_string and not spec.allow_empty_string and mandatory:
                reason = "EmptyStringNotAllowed"
        elif mandatory and spec.type is not None and spec.type.is_array and is_enumerable(value):
            elements = list(iterate(value))
            element = spec.type.element_type
            if not elements:
                reason = "" if spec.allow_empty_collection else "EmptyArrayNotAllowed"
            elif element is not None and element.full_name == "System.String":
                if any(not one for one in elements) and not spec.allow_empty_string:
                    reason = "EmptyStringNotAllowed"
            elif any(one is None for one in elements) and not spec.allow_null:
                reason = "NullNotAllowed"
        if reason:
            what = {
                "NullNotAllowed": "because it is null",
                "EmptyStringNotAllowed": "because it is an empty string",
                "EmptyArrayNotAllowed": "because it is an empty array",
            }[reason]
            raise binding_error(
                f"ParameterArgumentValidationError{reason}",
                f"Cannot bind argument to parameter '{spec.name}' {what}.",
                parameter=spec.name,
                category="InvalidData",
                exception_type=VALIDATION,
            )

    def _fits(self, spec: Spec, value: Any) -> bool:
        if spec.type is None or spec.type.full_name == "System.Object":
            return True
        if value is None:
            return False
        kind = type_of(value)
        if kind.is_assignable_to(spec.type):
            return True
        element = spec.type.element_type
        return element is not None and kind.is_assignable_to(element)


def convert_failure(value: Any, to: str) -> DotNetException:
    shown = "" if value is None else convert.to_string(value)
    source = "" if value is None else type_of(value).full_name
    return DotNetException(
        "System.Management.Automation.PSInvalidCastException",
        f'Cannot convert the "{shown}" value of type "{source}" to type "{to}".',
    )
