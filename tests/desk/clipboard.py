"""What Word and Google Docs put on the clipboard, with the mark-up that makes them hard. Written for these tests."""

from __future__ import annotations

WORD = """<html xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"
xmlns:w="urn:schemas-microsoft-com:office:word" xmlns="http://www.w3.org/TR/REC-html40">
<head><meta http-equiv=Content-Type content="text/html; charset=utf-8"><meta name=Generator content="Microsoft Word 15">
<!--[if gte mso 9]><xml><o:OfficeDocumentSettings><o:AllowPNG/></o:OfficeDocumentSettings></xml><![endif]-->
<style><!-- /* Style Definitions */ p.MsoNormal {margin:0cm; font-size:11.0pt; font-family:"Calibri",sans-serif;} --></style></head>
<body lang=EN-GB link="#0563C1" style='tab-interval:36.0pt'><!--StartFragment-->
<h1><span lang=EN-GB>What the guarantors offered<o:p></o:p></span></h1>
<p class=MsoNormal><span lang=EN-GB style='color:#1F3864;mso-themecolor:accent1'>The envoys met in <b style='mso-bidi-font-weight:normal'>Geneva</b>
and read <a href="https://www.un.org/"><span style='color:windowtext'>the charter</span></a> together.<a style='mso-footnote-id:ftn1'
href="#_ftn1" name="_ftnref1" title=""><span class=MsoFootnoteReference><span style='mso-special-character:footnote'><![if
!supportFootnotes]><span class=MsoFootnoteReference><span>[1]</span></span><![endif]></span></span></a><o:p></o:p></span></p>
<h2>The table of offers<o:p></o:p></h2>
<table class=MsoTableGrid border=1 cellspacing=0 cellpadding=0 style='border-collapse:collapse;mso-yfti-tbllook:1184'>
<tr style='mso-yfti-irow:0'><td width=200 style='width:150.25pt;border:solid windowtext 1.0pt'><p class=MsoNormal><b>State<o:p></o:p></b></p></td>
<td width=200><p class=MsoNormal><b>Offer<o:p></o:p></b></p></td></tr>
<tr style='mso-yfti-irow:1'><td><p class=MsoNormal>Upper basin<o:p></o:p></p></td><td><p class=MsoNormal>40% of the flow<o:p></o:p></p></td></tr></table>
<p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span style='font-family:Symbol'><span
style='mso-list:Ignore'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span></span><![endif]>First demand<o:p></o:p></p>
<p class=MsoListParagraphCxSpLast style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span style='font-family:Symbol'><span
style='mso-list:Ignore'>·<span style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span></span><![endif]>Second demand<o:p></o:p></p>
<p class=MsoNormal><img width=300 height=200 src="file:///C:/Users/editor/AppData/Local/Temp/clip_image002.jpg"></p>
<script>alert(1)</script>
<div style='mso-element:footnote-list'><![if !supportFootnotes]><br clear=all><hr align=left size=1 width="33%"><![endif]>
<div style='mso-element:footnote' id=ftn1><p class=MsoFootnoteText><a style='mso-footnote-id:ftn1' href="#_ftnref1" name="_ftn1" title=""><span
class=MsoFootnoteReference><span style='mso-special-character:footnote'><![if !supportFootnotes]><span>[1]</span><![endif]></span></span></a>
Treaty series, volume 12.<o:p></o:p></p></div></div>
<!--EndFragment--></body></html>"""

GOOGLE_DOCS = """<meta charset='utf-8'><b style="font-weight:normal;" id="docs-internal-guid-5d1c2f3a-7fff-1a2b-3c4d-5e6f7a8b9c0d">
<h2 dir="ltr" style="line-height:1.38;margin-top:18pt;margin-bottom:6pt;"><span style="font-size:16pt;font-family:Arial;color:#000000;
background-color:transparent;font-weight:400;white-space:pre-wrap;">Where talks ended</span></h2>
<p dir="ltr" style="line-height:1.38;"><span style="font-size:11pt;font-family:Arial;white-space:pre-wrap;">They agreed on </span><span
style="font-size:11pt;font-weight:700;font-style:normal;white-space:pre-wrap;">patrols</span><span style="font-size:11pt;font-style:italic;font-weight:400;">
 and nothing else</span><span style="font-size:0.6em;vertical-align:super;"><a href="#ftnt1" id="ftnt_ref1">[1]</a></span><span>. See
</span><a href="https://www.icj-cij.org/" style="text-decoration:none;"><span style="color:#1155cc;text-decoration:underline;">the court</span></a>.</p>
<div dir="ltr" style="margin-left:0pt;" align="left"><table style="border:none;border-collapse:collapse;"><colgroup><col width="312" /><col width="312" /></colgroup>
<tbody><tr style="height:0pt"><td style="border:solid #000 1pt;"><p dir="ltr"><span style="font-weight:700;">Year</span></p></td><td><p dir="ltr"><span
style="font-weight:700;">Result</span></p></td></tr><tr><td><p dir="ltr"><span>1984</span></p></td><td><p dir="ltr"><span>Mediation</span></p></td></tr></tbody></table></div>
<ul style="margin-top:0;"><li dir="ltr" style="list-style-type:disc;" aria-level="1"><p dir="ltr" role="presentation"><span>Fishing</span></p></li>
<li dir="ltr" aria-level="1"><p dir="ltr" role="presentation"><span>Search and rescue</span></p></li></ul>
<hr /><div><p dir="ltr"><a href="#ftnt_ref1" id="ftnt1">[1]</a><span> Joint statement, paragraph 4.</span></p></div></b>"""
