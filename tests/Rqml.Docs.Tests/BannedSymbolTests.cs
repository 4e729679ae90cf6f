using System.Reflection;

namespace Rqml.Docs.Tests;

/// <summary>A banned symbol that is misspelt bans nothing, and the build does not say so.</summary>
public sealed class BannedSymbolTests
{
    private static readonly Lazy<Assembly[]> Framework = new(() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => Path.GetFileNameWithoutExtension(path)!).Where(name => name.StartsWith("System.", StringComparison.Ordinal)).Select(Assembly.Load)]);

    public static TheoryData<string> Symbols =>
        [.. Repository.Files().Where(path => Path.GetFileName(path).StartsWith("BannedSymbols.", StringComparison.Ordinal))
            .SelectMany(path => Repository.Read(path).Split('\n')).Where(line => line.Length > 0 && !line.StartsWith("//", StringComparison.Ordinal)).Distinct()];

    [Theory]
    [MemberData(nameof(Symbols))]
    public void Every_banned_symbol_exists_and_says_what_to_use_instead(string line)
    {
        var (symbol, instead) = (line.Split(';')[0], line.Split(';')[1]);
        Assert.True(instead.Length > 10, $"{symbol} does not say what to use instead.");
        Assert.True(Exists(symbol), $"{symbol} does not exist, so that nothing is banned by it.");
    }

    private static bool Exists(string symbol)
    {
        var name = symbol[2..];
        if (symbol[0] == 'T') return Find(name) is not null;
        var path = name.Split('(')[0];
        var type = Find(path[..path.LastIndexOf('.')]);
        if (type is null) return false;
        if (symbol[0] == 'P') return type.GetProperty(path[(path.LastIndexOf('.') + 1)..]) is not null;
        return type.GetMethods().Cast<MethodBase>().Concat(type.GetConstructors()).Any(method => IdOf(type, method) == name);
    }

    private static Type? Find(string name) => Framework.Value.Select(assembly => assembly.GetType(name)).FirstOrDefault(type => type is not null);

    // The form of C#'s documentation comments (ECMA-334, annex D.4.3), as far as the files use it.
    private static string IdOf(Type type, MethodBase method)
    {
        var arity = method.IsGenericMethod ? $"``{method.GetGenericArguments().Length}" : "";
        var parameters = method.GetParameters().Select(parameter => IdOf(parameter.ParameterType)).ToArray();
        return $"{type.FullName}.{method.Name.Replace(".ctor", "#ctor", StringComparison.Ordinal)}{arity}{(parameters.Length > 0 ? $"({string.Join(',', parameters)})" : "")}";
    }

    private static string IdOf(Type type)
    {
        if (type.IsGenericParameter) return $"{(type.DeclaringMethod is null ? "`" : "``")}{type.GenericParameterPosition}";
        if (type.IsArray) return IdOf(type.GetElementType()!) + "[]";
        if (!type.IsGenericType) return type.FullName!;
        return $"{type.Namespace}.{type.Name.Split('`')[0]}{{{string.Join(',', type.GetGenericArguments().Select(IdOf))}}}";
    }
}
