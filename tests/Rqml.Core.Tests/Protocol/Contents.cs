using System.Collections;
using System.Reflection;

namespace Rqml.Protocol;

/// <summary>Compares values by what they hold, down to bytes: records compare lists and memory by identity.</summary>
internal static class Contents
{
    public static void AssertSame(object? expected, object? actual) => Assert.Equal(Describe(expected), Describe(actual));

    public static string Describe(object? value) => value switch
    {
        null => "null",
        ReadOnlyMemory<byte> bytes => Convert.ToHexString(bytes.Span),
        string or Enum or TaskId or NodeId or DateTime or TimeSpan => $"'{value}'",
        double number => BitConverter.DoubleToInt64Bits(number).ToString("x", null),
        IDictionary map => $"{{{string.Join(", ", map.Keys.Cast<object>().Select(key => $"{key}={Describe(map[key])}").Order(StringComparer.Ordinal))}}}",
        IEnumerable items => $"[{string.Join(", ", items.Cast<object?>().Select(Describe))}]",
        _ when value.GetType().IsPrimitive => value.ToString()!,
        _ => $"{value.GetType().Name}({string.Join(", ", Properties(value).Select(property => $"{property.Name}={Describe(property.GetValue(value))}"))})",
    };

    private static IEnumerable<PropertyInfo> Properties(object value) =>
        value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.GetIndexParameters().Length == 0);
}
