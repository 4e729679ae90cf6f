using System.Xml.Linq;
using Rqml.Docs.Tests;

namespace Rqml.Packages.Tests;

/// <summary>The versions in Directory.Packages.props.</summary>
internal static class PinnedVersions
{
    private static readonly Dictionary<string, string> Versions = XElement.Parse(Repository.Read("Directory.Packages.props")).Descendants("PackageVersion")
        .ToDictionary(package => package.Attribute("Include")!.Value, package => package.Attribute("Version")!.Value);

    public static string Of(string id) => Versions[id];
}
